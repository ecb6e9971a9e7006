// The session of the person at work. It may end while he types: then a dialog asks for the password
// once more, what was going on goes on, and nothing that was typed is lost.

import { createContext, type ComponentChildren } from 'preact';
import { useContext, useMemo, useRef, useState } from 'preact/hooks';

import { hasWord } from '../client/failure';
import type { Office, Profile } from '../client/office';
import { tabMemory } from '../client/storage';
import { Dialog } from '../ui/dialog';
import { useTexts } from '../ui/language';
import type { Policy } from './policy';
import { SignInForm } from './sign_in';
import { texts } from './texts';

const EMAIL = 'office.email';

export function rememberEmail(email: string | null): void {
  tabMemory.write(EMAIL, email);
}

export interface Session {
  office: Office;
  /** Who signed in; stays while the session is being renewed. */
  profile: Profile;
  policy: Policy;
  /** Work that needs the session. When it has ended: asks who is there, then does the work again. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** How it looks and what it allows, asked again: something of it was changed. */
  renewOrganisation(): Promise<void>;
  signOut(): void;
}

const Context = createContext<Session | null>(null);

export function useSession(): Session {
  return useContext(Context)!;
}

type Waiting = { resolve: () => void; reject: (error: unknown) => void; because: unknown };

interface ProviderProps {
  office: Office;
  profile: Profile;
  policy: Policy;
  onRenew: () => Promise<void>;
  onSignOut: () => void;
  children: ComponentChildren;
}

export function SessionProvider({ office, profile, policy, onRenew, onSignOut, children }: ProviderProps) {
  const t = useTexts(texts);
  const [isAsking, setAsking] = useState(false);
  const waiting = useRef<Waiting[]>([]);
  const session = useMemo<Session>(() => {
    const ask = (because: unknown): Promise<void> =>
      new Promise((resolve, reject) => {
        waiting.current.push({ resolve, reject, because });
        setAsking(true);
      });
    const run = async <T,>(work: () => Promise<T>): Promise<T> => {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          if (!hasWord(error, 'not-signed-in') || office.isSignedIn) throw error;
          await ask(error);
        }
      }
    };
    return { office, profile, policy, run, renewOrganisation: onRenew, signOut: onSignOut };
  }, [office, profile, policy, onRenew, onSignOut]);
  const end = (settle: (each: Waiting) => void): void => {
    setAsking(false);
    for (const each of waiting.current.splice(0)) settle(each);
  };
  const signOut = (): void => {
    end((each) => each.reject(each.because));
    onSignOut();
  };
  return (
    <Context.Provider value={session}>
      {children}
      {isAsking && (
        <Dialog title={t.againTitle} onClose={() => end((each) => each.reject(each.because))}>
          <p class="utrecht-paragraph">{t.againText}</p>
          <SignInForm office={office} fixedEmail={tabMemory.read(EMAIL) ?? ''} onDone={() => end((each) => each.resolve())} onOther={signOut} />
        </Dialog>
      )}
    </Context.Provider>
  );
}
