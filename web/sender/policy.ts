// What the organisation lets its senders choose.

import type { Profile } from '../client/office';
import { LIMITS, METHODS, type OrganisationReply } from '../protocol/protocol';

export interface Policy {
  /** Bits of METHODS. */
  methods: number;
  lifetimes: number[];
  defaultMethod: number;
  defaultLifetime: number;
  recipientsMax: number;
  /** Of notifications, unless the sender chooses. */
  language: 'nl' | 'en';
}

/** Days by the bits of a policy's lifetimes. */
const LIFETIME_DAYS = [1, 7, 30] as const;
/** The strongest that people use without thinking comes first. */
const PREFERRED = [METHODS.METHOD_PASSWORD, METHODS.METHOD_PASSWORD_AND_CODE, METHODS.METHOD_CODE] as const;

function defaultsOf(methods: number, lifetimes: number[]): Pick<Policy, 'defaultMethod' | 'defaultLifetime'> {
  const defaultLifetime = lifetimes.includes(7) ? 7 : lifetimes[lifetimes.length - 1]!;
  return { defaultMethod: PREFERRED.find((each) => each & methods) ?? METHODS.METHOD_PASSWORD, defaultLifetime };
}

export function policyOf(organisation: OrganisationReply): Policy {
  const lifetimes = LIFETIME_DAYS.filter((_, bit) => organisation.lifetimes & (1 << bit));
  const defaults = defaultsOf(organisation.methods_allowed, lifetimes);
  return {
    methods: organisation.methods_allowed,
    lifetimes,
    defaultMethod: organisation.default_method || defaults.defaultMethod,
    defaultLifetime: organisation.default_lifetime_days || defaults.defaultLifetime,
    recipientsMax: organisation.recipients_max,
    language: organisation.language === 'nl' ? 'nl' : 'en',
  };
}

/** As far as the sign-in told it, when the organisation's own answer does not come. */
export function policyOfProfile(profile: Profile, language: 'nl' | 'en'): Policy {
  const lifetimes = LIFETIME_DAYS.filter((days) => days <= profile.lifetime_days_max);
  return { methods: profile.methods, lifetimes, ...defaultsOf(profile.methods, lifetimes), recipientsMax: LIMITS.RECIPIENTS_MAX, language };
}
