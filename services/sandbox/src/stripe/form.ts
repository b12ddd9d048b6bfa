type FormValue = string | FormValue[] | { [key: string]: FormValue };
export type Form = Record<string, FormValue>;

type Node = { [key: string]: Node | string };

/** Decodes Stripe's forms: `line_items[0][price_data][currency]=eur`, `expand[]=customer`. */
export function decodeForm(text: string): Form {
  const root: Node = Object.create(null) as Node;
  for (const [name, value] of new URLSearchParams(text)) put(root, pathOf(name), value);
  return arrays(root) as Form;
}

function pathOf(name: string): string[] {
  const bracket = name.indexOf('[');
  if (bracket < 0) return [name];
  return [name.slice(0, bracket), ...[...name.slice(bracket).matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? '')];
}

function put(node: Node, path: string[], value: string): void {
  const [head = '', ...rest] = path;
  const key = head === '' ? String(Object.keys(node).length) : head;
  if (rest.length === 0) {
    node[key] = value;
    return;
  }
  const next = node[key];
  const child: Node = typeof next === 'object' ? next : (Object.create(null) as Node);
  node[key] = child;
  put(child, rest, value);
}

/** Objects whose keys are 0, 1, 2 … are arrays. */
function arrays(node: Node | string): FormValue {
  if (typeof node === 'string') return node;
  const keys = Object.keys(node);
  const values = keys.map((key) => arrays(node[key] ?? ''));
  const isList = keys.length > 0 && keys.every((key, index) => key === String(index));
  return isList ? values : Object.fromEntries(keys.map((key, index) => [key, values[index] ?? '']));
}
