// Times, numbers and sizes in the reader's language and zone.

import { type Language, useLanguage } from './language';

export interface Format {
  /** "24 november 2026 om 14:05" */
  dateTime(ms: number): string;
  date(ms: number): string;
  /** "14:05" */
  time(ms: number): string;
  number(value: number): string;
  /** 0 to 1: "42%" */
  percent(share: number): string;
  /** "1,2 MB": of 1000, as shops and our limit count */
  bytes(size: number): string;
  /** "in 3 dagen", "2 uur geleden" */
  relative(ms: number, nowMs: number): string;
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
const SPANS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** Made when it is first wanted: each costs milliseconds, and a first page wants one of the twelve. */
function later<T>(make: () => T): () => T {
  let made: T | null = null;
  return () => (made ??= make());
}

function make(locale: string): Format {
  const dateTime = later(() => new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' }));
  const date = later(() => new Intl.DateTimeFormat(locale, { dateStyle: 'long' }));
  const time = later(() => new Intl.DateTimeFormat(locale, { timeStyle: 'short' }));
  const number = later(() => new Intl.NumberFormat(locale));
  const percent = later(() => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }));
  const relative = later(() => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }));
  return {
    dateTime: (ms) => dateTime().format(ms),
    date: (ms) => date().format(ms),
    time: (ms) => time().format(ms),
    number: (value) => number().format(value),
    percent: (share) => percent().format(Math.min(1, Math.max(0, share))),
    bytes(size) {
      let step = 0;
      let value = size;
      for (; value >= 1000 && step < UNITS.length - 1; step++) value /= 1000;
      const digits = step === 0 || value >= 100 ? 0 : 1;
      return new Intl.NumberFormat(locale, { style: 'unit', unit: UNITS[step]!, unitDisplay: step ? 'short' : 'long', maximumFractionDigits: digits }).format(value);
    },
    relative(ms, nowMs) {
      const away = ms - nowMs;
      const [unit, size] = SPANS.find(([, each]) => Math.abs(away) >= each) ?? [];
      if (!unit || !size) return relative().format(0, 'second'); // "nu": of a minute they say "binnen een minuut" of what was, too
      return relative().format(Math.round(away / size), unit);
    },
  };
}

// British English: day before month and 24 hours, as everybody else here reads them.
const formats: Record<Language, Format> = { nl: make('nl-NL'), en: make('en-GB') };

export function formatOf(language: Language): Format {
  return formats[language];
}

export function useFormat(): Format {
  return formats[useLanguage()];
}
