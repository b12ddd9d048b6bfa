import { z } from 'zod';

const SITE = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const APP = /^[a-z][a-z0-9_]{0,63}$/;
const NO_NUL = /^[^\0]+$/;

/** Entries of `sites/` that a site of that name would collide with. */
const RESERVED = new Set(['assets', 'apps.txt', 'apps.json', 'localhost']);

/** A site is a folder and a host name, so it must be fit to be both. */
export const SiteName = z
  .string()
  .max(253)
  .regex(SITE, 'must be a lower-case host name')
  .refine((name) => name.split('.').every((label) => label.length <= 63), 'has a label of more than 63 characters')
  .refine((name) => !RESERVED.has(name), 'is reserved');

export const AppName = z.string().regex(APP, 'must be an app name: lower-case letters, digits and underscores');

/** A value of its own in argv: anything but NUL, which no process can be given. */
export const Argument = z.string().max(1024).regex(NO_NUL, 'must not be empty or hold a NUL');

export const DatabaseName = z
  .string()
  .regex(/^[A-Za-z0-9_]{1,64}$/)
  .refine((name) => !['mysql', 'sys', 'information_schema', 'performance_schema'].includes(name.toLowerCase()));
