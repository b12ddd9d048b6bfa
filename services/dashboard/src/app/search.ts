/** A text parameter of the address, absent when it is empty or something else. */
export function text<Name extends string>(name: Name, value: unknown): { [N in Name]?: string } {
  return (typeof value === 'string' && value !== '' ? { [name]: value } : {}) as { [N in Name]?: string };
}

// Only to resolve against; a browser drops tabs and line breaks from an address, so looking at the text is not enough.
const HERE = 'http://here.invalid';

/** A path of this site to go to after signing in; undefined for anything that leads to another origin. */
export function localPath(value: unknown): string | undefined {
  if (typeof value !== 'string' || !value.startsWith('/') || !URL.canParse(value, HERE)) return undefined;
  const url = new URL(value, HERE);
  return url.origin === HERE ? url.pathname + url.search + url.hash : undefined;
}
