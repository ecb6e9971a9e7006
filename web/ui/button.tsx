import type { ComponentChildren } from 'preact';

interface ButtonProps {
  kind?: 'primary' | 'secondary' | 'subtle' | undefined;
  type?: 'button' | 'submit' | undefined;
  /** Stays in reach of the keyboard and says why it does nothing yet. */
  isBusy?: boolean | undefined;
  isDisabled?: boolean | undefined;
  /** Only where the text alone does not say it. */
  label?: string | undefined;
  describedBy?: string | undefined;
  onClick?: (() => void) | undefined;
  children: ComponentChildren;
}

const CLASSES = {
  primary: 'utrecht-button--primary-action',
  secondary: 'utrecht-button--secondary-action',
  subtle: 'utrecht-button--subtle',
};

export function Button({ kind = 'secondary', type = 'button', isBusy, isDisabled, label, describedBy, onClick, children }: ButtonProps) {
  return (
    <button
      type={type}
      class={`utrecht-button ${CLASSES[kind]}${isBusy ? ' utrecht-button--busy' : ''}`}
      aria-disabled={isBusy || isDisabled || undefined}
      aria-busy={isBusy || undefined}
      aria-label={label}
      aria-describedby={describedBy}
      onClick={(event) => {
        if (isBusy || isDisabled) event.preventDefault();
        else onClick?.();
      }}
    >
      {children}
    </button>
  );
}
