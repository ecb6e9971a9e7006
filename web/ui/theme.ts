// An organisation's colour, with text on it and links in it that everybody can read (WCAG 1.4.3).

type Rgb = readonly [number, number, number];

const READABLE = 4.5;
const DARK: Rgb = [27, 31, 35];
export const WHITE: Rgb = [255, 255, 255];

export function parseColour(colour: string): Rgb | null {
  const found = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  return found ? [parseInt(found[1]!, 16), parseInt(found[2]!, 16), parseInt(found[3]!, 16)] : null;
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((each) => {
    const share = each / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

export function contrast(a: Rgb, b: Rgb): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}

/** Nearer to black until it can be read on white. */
function darkened(colour: Rgb): Rgb {
  let out = colour;
  while (contrast(out, WHITE) < READABLE) out = [out[0] * 0.9, out[1] * 0.9, out[2] * 0.9];
  return out;
}

const css = (colour: Rgb): string => `rgb(${colour.map(Math.round).join(' ')})`;

export interface Theme {
  colour: string;
  contrast: string;
  dark: string;
}

/** null for what is no colour "#rrggbb". */
export function themeOf(colour: string): Theme | null {
  const rgb = parseColour(colour);
  if (!rgb) return null;
  const onIt = contrast(rgb, WHITE) >= READABLE ? WHITE : DARK;
  const readable = contrast(rgb, onIt) >= READABLE ? rgb : darkened(rgb);
  return { colour: css(readable), contrast: css(readable === rgb ? onIt : WHITE), dark: css(darkened(rgb)) };
}

/** Through the CSSOM, which needs no inline style. An empty or bad colour gives our own. */
export function applyTheme(colour: string): void {
  const theme = themeOf(colour);
  const style = document.documentElement.style;
  for (const [name, value] of Object.entries({
    '--organisation-colour': theme?.colour,
    '--organisation-contrast': theme?.contrast,
    '--organisation-dark': theme?.dark,
  }))
    if (value) style.setProperty(name, value);
    else style.removeProperty(name);
}
