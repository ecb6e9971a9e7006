// A policy as it is being changed: what of it is allowed (services/crypto/policy.c), and what differs.

import { METHODS, type OrganisationReply } from '../../protocol/protocol';

export type Rules = Pick<OrganisationReply, 'methods' | 'method_floor' | 'lifetimes' | 'default_method' | 'default_lifetime_days'>;

/** From weak to strong. */
export const LEVELS: readonly number[] = [METHODS.METHOD_CODE, METHODS.METHOD_PASSWORD, METHODS.METHOD_PASSWORD_AND_CODE];
/** Days by the bits of a policy's lifetimes. */
export const DAYS: Readonly<Record<number, number>> = { 1: 1, 2: 7, 4: 30 };
export const LIFETIMES = Object.keys(DAYS).map(Number);

export function rulesOf({ methods, method_floor, lifetimes, default_method, default_lifetime_days }: OrganisationReply): Rules {
  return { methods, method_floor, lifetimes, default_method, default_lifetime_days };
}

/** Ticked, and not below the minimum level. */
export function isMethodAllowed({ methods, method_floor }: Rules, method: number): boolean {
  return (methods & method) !== 0 && (!method_floor || LEVELS.indexOf(method) >= LEVELS.indexOf(method_floor));
}

export function allowedMethods(rules: Rules): number[] {
  return LEVELS.filter((each) => isMethodAllowed(rules, each));
}

export function allowedDays({ lifetimes }: Rules): number[] {
  return LIFETIMES.filter((bit) => lifetimes & bit).map((bit) => DAYS[bit]!);
}

/** A preset that is no longer allowed is none. */
export function settled(rules: Rules): Rules {
  return {
    ...rules,
    default_method: isMethodAllowed(rules, rules.default_method) ? rules.default_method : 0,
    default_lifetime_days: allowedDays(rules).includes(rules.default_lifetime_days) ? rules.default_lifetime_days : 0,
  };
}

export interface ChangeWords {
  method: Record<number, string>;
  floors: Record<number, string>;
  lifetime: Record<number, string>;
  days: Record<number, string>;
  noDefault: string;
  change: {
    methodOn: (what: string) => string;
    methodOff: (what: string) => string;
    floor: (before: string, after: string) => string;
    lifetimeOn: (what: string) => string;
    lifetimeOff: (what: string) => string;
    defaultMethod: (before: string, after: string) => string;
    defaultLifetime: (before: string, after: string) => string;
  };
}

/** Each difference as a sentence; none: nothing was changed. */
export function changesOf(before: Rules, after: Rules, t: ChangeWords): string[] {
  const out: string[] = [];
  const preset = (names: Record<number, string>, value: number): string => names[value] ?? t.noDefault;
  for (const method of LEVELS) {
    const [was, is] = [isMethodAllowed(before, method), isMethodAllowed(after, method)];
    if (was !== is) out.push((is ? t.change.methodOn : t.change.methodOff)(t.method[method]!));
  }
  if (before.method_floor !== after.method_floor) out.push(t.change.floor(t.floors[before.method_floor]!, t.floors[after.method_floor]!));
  for (const bit of LIFETIMES)
    if ((before.lifetimes ^ after.lifetimes) & bit) out.push((after.lifetimes & bit ? t.change.lifetimeOn : t.change.lifetimeOff)(t.lifetime[bit]!));
  if (before.default_method !== after.default_method)
    out.push(t.change.defaultMethod(preset(t.method, before.default_method), preset(t.method, after.default_method)));
  if (before.default_lifetime_days !== after.default_lifetime_days)
    out.push(t.change.defaultLifetime(preset(t.days, before.default_lifetime_days), preset(t.days, after.default_lifetime_days)));
  return out;
}
