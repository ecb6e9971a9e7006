// How text can be read on a colour, as theme.ts will show it.

import { WHITE, contrast, parseColour, themeOf } from '../../ui/theme';

export interface Readable {
  /** Which text it gets; 'darkened': the colour itself is changed. */
  how: 'white' | 'dark' | 'darkened';
  /** Of white text on the colour as it is. */
  ratio: number;
}

/** null for what is no colour. */
export function readableOn(colour: string): Readable | null {
  const rgb = parseColour(colour);
  const theme = themeOf(colour);
  if (!rgb || !theme) return null;
  const isChanged = theme.colour !== `rgb(${rgb.join(' ')})`;
  const isWhite = theme.contrast === `rgb(${WHITE.join(' ')})`;
  return { how: isChanged ? 'darkened' : isWhite ? 'white' : 'dark', ratio: contrast(rgb, WHITE) };
}
