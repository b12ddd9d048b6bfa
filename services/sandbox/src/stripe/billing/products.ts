import { z } from 'zod';
import { newId, nowSeconds, type Account } from '../account.ts';
import { mergeMetadata } from '../merge-metadata.ts';
import { invalidRequest, missing } from '../errors.ts';
import { boolean, ignored, listOf, metadata, pageParams, read, type StripeRouter } from '../http.ts';
import { emit } from '../webhooks.ts';
import type { Product } from './objects.ts';

const shared = {
  active: boolean.optional(),
  description: z.string().optional(),
  images: z.array(z.string()).max(8).optional(),
  marketing_features: z.array(z.strictObject({ name: z.string() })).optional(),
  metadata: metadata.optional(),
  statement_descriptor: z.string().optional(),
  tax_code: ignored,
  unit_label: z.string().optional(),
  url: z.string().optional(),
};

const ProductParams = z.strictObject({
  ...shared,
  id: z.string().optional(),
  name: z.string().min(1),
});
const ProductChange = z.strictObject({
  ...shared,
  name: z.string().min(1).optional(),
  default_price: z.string().optional(),
});
const ListParams = z.strictObject({
  ...pageParams,
  active: boolean.optional(),
  ids: z.array(z.string()).optional(),
});

export function productRoutes(router: StripeRouter, account: Account): void {
  router.post('/products', (call) => {
    call.body = addProduct(account, read(call, ProductParams));
  });
  router.get('/products', (call) => {
    const params = read(call, ListParams);
    const rows = account.rows.products
      .filter((row) => params.active === undefined || row.active === params.active)
      .filter((row) => !params.ids || params.ids.includes(row.id));
    call.body = listOf('/v1/products', rows, params);
  });
  router.get('/products/:id', (call) => {
    call.body = productBy(account, call.params['id']);
  });
  router.post('/products/:id', (call) => {
    const product = productBy(account, call.params['id']);
    call.body = change(account, product, read(call, ProductChange));
  });
  router.delete('/products/:id', (call) => {
    const product = productBy(account, call.params['id']);
    if (account.rows.prices.some((row) => row.product === product.id)) {
      throw invalidRequest(
        'This product cannot be deleted because it has one or more user-created prices. Try archiving it instead.',
      );
    }
    account.rows.products = account.rows.products.filter((row) => row !== product);
    emit(account, 'product.deleted', product);
    call.body = { id: product.id, object: 'product', deleted: true };
  });
}

export function productBy(account: Account, id: string | undefined, param?: string): Product {
  const product = account.rows.products.find((row) => row.id === id);
  if (!product) throw missing('product', id ?? '', param ?? 'id', param ? 400 : 404);
  return product;
}

export function addProduct(account: Account, params: z.output<typeof ProductParams>): Product {
  if (params.id && account.rows.products.some((row) => row.id === params.id)) {
    throw invalidRequest('Product already exists.', { code: 'resource_already_exists' });
  }
  const at = nowSeconds(account);
  const product: Product = {
    id: params.id ?? newId('prod'),
    object: 'product',
    created: at,
    updated: at,
    livemode: false,
    active: params.active ?? true,
    name: params.name,
    description: params.description ?? null,
    default_price: null,
    images: params.images ?? [],
    marketing_features: params.marketing_features ?? [],
    package_dimensions: null,
    shippable: null,
    statement_descriptor: params.statement_descriptor ?? null,
    tax_code: null,
    tax_details: null,
    type: 'service',
    unit_label: params.unit_label ?? null,
    url: params.url ?? null,
    metadata: params.metadata ?? {},
  };
  account.rows.products.push(product);
  emit(account, 'product.created', product);
  return product;
}

function change(account: Account, product: Product, params: z.output<typeof ProductChange>): Product {
  const before = structuredClone(product);
  const { metadata: data, default_price: price, tax_code: _code, ...fields } = params;
  if (price) product.default_price = ownPrice(account, product, price);
  Object.assign(product, fields, { metadata: mergeMetadata(product.metadata, data) });
  product.description = product.description === '' ? null : product.description;
  product.updated = nowSeconds(account);
  emit(account, 'product.updated', product, before);
  return product;
}

function ownPrice(account: Account, product: Product, id: string): string {
  if (account.rows.prices.some((row) => row.id === id && row.product === product.id)) return id;
  throw missing('price', id, 'default_price', 400);
}
