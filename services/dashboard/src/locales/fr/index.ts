import app from './app.json' with { type: 'json' };
import audit from './audit.json' with { type: 'json' };
import billing from './billing.json' with { type: 'json' };
import catalogue from './catalogue.json' with { type: 'json' };
import errors from './errors.json' with { type: 'json' };
import identity from './identity.json' with { type: 'json' };
import llm from './llm.json' with { type: 'json' };
import operations from './operations.json' with { type: 'json' };
import sites from './sites.json' with { type: 'json' };
import ui from './ui.json' with { type: 'json' };

export default { app, audit, billing, catalogue, errors, identity, llm, operations, sites, ui };
