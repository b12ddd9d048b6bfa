import test from 'ava';
import { constrainable } from './schema.ts';

test('keeps what the decoder can keep to, and says the rest in words', (t) => {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    description: 'A person.',
    properties: {
      name: { type: 'string', minLength: 2, description: 'Given name.' },
      mail: { type: 'string', format: 'email' },
      phone: { type: 'string', format: 'phone' },
      tags: { type: 'array', minItems: 1, items: { enum: ['a', 'b'] } },
      many: { type: 'array', minItems: 3, items: { type: 'integer' } },
      pet: { oneOf: [{ type: 'object', properties: { paws: { type: 'integer' } } }, { type: 'null' }] },
      friend: { $ref: '#/$defs/friend', description: 'dropped beside a reference' },
      free: { type: 'object', additionalProperties: { type: 'string' } },
    },
    required: ['name'],
    $defs: { friend: { type: 'object', properties: { name: { const: 'Ann' } }, additionalProperties: true } },
  };
  t.deepEqual(constrainable(schema), {
    type: 'object',
    description: 'A person.',
    properties: {
      name: { type: 'string', description: 'Given name.\n{"minLength":2}' },
      mail: { type: 'string', format: 'email' },
      phone: { type: 'string', description: '{"format":"phone"}' },
      tags: { type: 'array', minItems: 1, items: { enum: ['a', 'b'] } },
      many: { type: 'array', items: { type: 'integer' }, description: '{"minItems":3}' },
      pet: {
        anyOf: [
          { type: 'object', properties: { paws: { type: 'integer' } }, additionalProperties: false },
          { type: 'null' },
        ],
      },
      friend: { $ref: '#/$defs/friend' },
      free: { type: 'object', additionalProperties: false },
    },
    required: ['name'],
    $defs: { friend: { type: 'object', properties: { name: { const: 'Ann' } }, additionalProperties: false } },
    additionalProperties: false,
  });
});
