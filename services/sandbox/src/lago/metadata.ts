import { z } from 'zod';
import { invalid } from './errors.ts';
import type { MetadataItem } from './model.ts';
import { newId } from './organization.ts';

const MAX_ITEMS = 5;

/** Metadata with the limits of its owner: customers allow values of 100 characters, invoices of 140. */
export const metadataOf = (maxValue: number) =>
  z.array(
    z.strictObject({
      id: z.uuid().optional(),
      key: z.string().min(1, 'value_is_mandatory').max(20, 'value_is_too_long'),
      value: z.string().min(1, 'value_is_mandatory').max(maxValue, 'value_is_too_long'),
      display_in_invoice: z.boolean().optional(),
    }),
  );

/** The set replaces the one before. */
export function newMetadata(input: z.output<ReturnType<typeof metadataOf>>): MetadataItem[] {
  if (input.length > MAX_ITEMS) throw invalid({ metadata: ['invalid_count'] });
  if (new Set(input.map((item) => item.key)).size < input.length) throw invalid({ key: ['value_already_exist'] });
  return input.map((item) => ({
    id: item.id ?? newId(),
    key: item.key,
    value: item.value,
    displayInInvoice: item.display_in_invoice ?? false,
  }));
}
