/** OpenAI's envelope; its clients turn `status` and `code` into typed exceptions. */
export interface ErrorBody {
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}

export interface GatewayError {
  status: number;
  body: ErrorBody;
  /** Seconds. */
  retryAfterS?: number;
  /** False: the client's own retries would only wait in vain. */
  shouldRetry?: boolean;
}

const INVALID = 'invalid_request_error';
const SERVER = 'server_error';
const BUSY_RETRY_S = 2;

const make = (status: number, type: string, code: string | null, message: string): GatewayError => ({
  status,
  body: { message, type, param: null, code },
});

export const invalidRequest = (message: string, param: string | null, code: string | null = null): GatewayError => ({
  status: 400,
  body: { message, type: INVALID, param, code },
});

export const invalidJson = invalidRequest('We could not parse the JSON body of your request.', null, 'invalid_json');

export const tooDeep = invalidRequest('The JSON body of your request is nested too deeply.', null, 'invalid_json');

export const missingKey = make(
  401,
  INVALID,
  'invalid_api_key',
  'You did not provide an API key. Send it in an Authorization header using Bearer auth (Authorization: Bearer sk-bst-…).',
);

export const invalidKey = make(
  401,
  INVALID,
  'invalid_api_key',
  'Incorrect API key provided. It may have been revoked; keys are made in the dashboard.',
);

export const expiredKey = make(401, INVALID, 'invalid_api_key', 'This API key has expired.');
export const replacedKey = make(
  401,
  INVALID,
  'invalid_api_key',
  'This API key was replaced by a newer one, and its time beside it is over. Use the newer one.',
);

export const modelNotFound = (model: string): GatewayError => ({
  status: 404,
  body: {
    message: `The model \`${model}\` does not exist or this key does not have access to it.`,
    type: INVALID,
    param: 'model',
    code: 'model_not_found',
  },
});

export const unknownUrl = (method: string, path: string): GatewayError =>
  make(404, INVALID, 'unknown_url', `Unknown request URL: ${method} ${path}.`);

export const methodNotAllowed = (method: string, path: string): GatewayError =>
  make(405, INVALID, 'method_not_supported', `Not allowed to ${method} on ${path}.`);

export const bodyTooLarge = (maxBytes: number): GatewayError =>
  make(413, INVALID, 'request_too_large', `The request body is larger than ${maxBytes} bytes.`);

export const encodedBody = make(
  415,
  INVALID,
  'unsupported_encoding',
  'Send the request body without content-encoding.',
);

export const insufficientScope = (scope: string): GatewayError =>
  make(
    403,
    INVALID,
    'insufficient_permissions',
    `This API key may not be used for ${scope}. Its scopes are set in the dashboard.`,
  );

export const unavailable = (dependency: string): GatewayError => ({
  ...make(
    503,
    SERVER,
    'service_unavailable',
    `The gateway's ${dependency} does not answer right now. Try again shortly.`,
  ),
  retryAfterS: BUSY_RETRY_S,
});

export const overloaded: GatewayError = {
  ...make(503, SERVER, 'overloaded', 'The gateway is serving as many requests as it can. Try again shortly.'),
  retryAfterS: BUSY_RETRY_S,
};

export const restarting: GatewayError = {
  ...make(503, SERVER, 'gateway_restarting', 'The gateway is being restarted. Try again shortly.'),
  retryAfterS: BUSY_RETRY_S,
};

export const noProvider: GatewayError = {
  ...make(
    503,
    SERVER,
    'no_provider_configured',
    'This server has no LLM provider yet, so it cannot complete anything. Its operator sets a provider’s key, such as GROQ_API_KEY, or LLM_UPSTREAM_URL and LLM_UPSTREAM_KEY, and restarts the gateway.',
  ),
  shouldRetry: false,
};

export const noProviderAvailable: GatewayError = {
  ...make(503, SERVER, 'no_provider_available', 'No provider of this model is well right now. Try again shortly.'),
  retryAfterS: 5,
};

/** Another provider would cost what the budget does not have. */
export const freeProviderUnavailable: GatewayError = {
  ...make(
    503,
    SERVER,
    'budget_spent',
    'The day’s budget of this server is spent, and its free provider does not answer right now. Try again shortly.',
  ),
  retryAfterS: 10,
};

export const upstreamUnreachable = make(
  502,
  'upstream_error',
  'upstream_unreachable',
  'The provider cannot be reached.',
);

export const upstreamTimeout = make(504, 'upstream_error', 'upstream_timeout', 'The provider did not answer in time.');

export const upstreamDisconnected = make(
  502,
  'upstream_error',
  'upstream_disconnected',
  'The provider cut the connection before the end of its answer.',
);

export const upstreamBroken = make(
  502,
  'upstream_error',
  'upstream_invalid_response',
  'The provider’s answer could not be read.',
);

export const untranslatable = (param: string, message: string): GatewayError =>
  invalidRequest(message, param, 'unsupported_value');

export const internalError = make(
  500,
  SERVER,
  'internal_error',
  'Something went wrong on our side. It was logged; quote the request id when you report it.',
);
