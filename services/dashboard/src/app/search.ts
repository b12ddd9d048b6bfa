/** A text parameter of the address, absent when it is empty or something else. */
export function text<Name extends string>(name: Name, value: unknown): { [N in Name]?: string } {
  return (typeof value === 'string' && value !== '' ? { [name]: value } : {}) as { [N in Name]?: string };
}

/** Where to go after signing in: a path of this site, never another origin. */
export function localPath(value: unknown): { returnTo?: string } {
  if (typeof value !== 'string' || !/^\/(?![/\\])/.test(value)) return {};
  return { returnTo: value };
}
