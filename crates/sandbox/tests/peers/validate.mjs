// Holds answers and webhooks against the descriptions GitHub publishes.

import { readFileSync } from 'node:fs';

import Ajv from 'ajv';
import addFormats from 'ajv-formats';

/**
 * OpenAPI 3.0 says `nullable`; JSON Schema says so with a type. And GitHub writes `oneOf` where several of the
 * alternatives fit its own examples, so that is read as `anyOf`.
 */
function nullable(node) {
  if (Array.isArray(node)) return node.map(nullable);
  if (node === null || typeof node !== 'object') return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, key === 'example' || key === 'examples' ? undefined : nullable(value)]));
  if (Array.isArray(copy.oneOf)) {
    copy.anyOf = copy.oneOf;
    delete copy.oneOf;
  }
  // One list asks that an account be a person and an enterprise at once, which its own example is not.
  if (copy.allOf?.some(({ title }) => title === 'Simple User') && copy.allOf.some(({ title }) => title === 'Enterprise')) {
    copy.anyOf = copy.allOf;
    delete copy.allOf;
  }
  if (copy.nullable !== true) return copy;
  delete copy.nullable;
  return { anyOf: [copy, { type: 'null' }] };
}

function validator() {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true, logger: false });
  addFormats(ajv);
  return ajv;
}

const pointer = (...parts) => `#/${parts.map((part) => encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;

function told(errors) {
  return errors.slice(0, 12).map((error) => `${error.instancePath || '/'} ${error.message}${error.params?.allowedValues ? ` ${error.params.allowedValues}` : ''}`);
}

/** Checks answers of the REST API, by operation and status. */
export class Answers {
  constructor(file) {
    this.spec = nullable(JSON.parse(readFileSync(file, 'utf8')));
    this.ajv = validator();
    this.ajv.addSchema({ $id: 'rest', ...this.spec });
    this.compiled = new Map();
    this.seen = new Set();
    this.count = 0;
    this.problems = [];
    this.templates = Object.keys(this.spec.paths).map((path) => ({
      path,
      // `{path}` and `{ref}` hold slashes.
      test: new RegExp(`^${path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{(path|ref|basehead)\}/g, '.+').replace(/\{[^}]+\}/g, '[^/]+')}$`),
      fixed: path.replace(/\{[^}]+\}/g, '').length,
    })).sort((a, b) => b.fixed - a.fixed);
  }

  template(path) {
    // The same operations, by the repository's number; and the top of the contents.
    path = path.replace(/^\/repositories\/[^/]+/, '/repos/owner/name').replace(/\/contents$/, '/contents/.');
    return this.templates.find((template) => template.test.test(path))?.path;
  }

  check(method, path, status, body) {
    const template = this.template(path);
    const name = `${method} ${template ?? path} ${status}`;
    this.count += 1;
    this.seen.add(name);
    const responses = template && this.spec.paths[template][method.toLowerCase()]?.responses;
    if (!responses) return this.problems.push(`${name}: GitHub has no such operation`);
    let response = responses[status];
    // What any operation may answer is not repeated at each of them.
    if (!response && [401, 403, 404, 422, 409, 400].includes(status)) response = { content: { 'application/json': { schema: { $ref: '#/components/schemas/basic-error' } } } };
    if (!response) return this.problems.push(`${name}: GitHub does not answer this status; it answers ${Object.keys(responses)}`);
    if (response.$ref) response = this.spec.components.responses[response.$ref.split('/').pop()];
    const schema = response.content?.['application/json']?.schema;
    if (!schema) return undefined;
    if (!this.compiled.has(name)) {
      const local = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"rest#/'));
      this.compiled.set(name, this.ajv.compile(local));
    }
    const validate = this.compiled.get(name);
    if (!validate(body)) this.problems.push(`${name}: ${told(validate.errors).join('; ')}`);
    return undefined;
  }
}

/** Checks webhooks: their headers, and their bodies by event and action. */
export class Webhooks {
  constructor(file) {
    this.spec = JSON.parse(readFileSync(file, 'utf8'));
    this.ajv = validator();
    this.ajv.addSchema({ $id: 'hooks', components: this.spec.components });
    this.seen = new Set();
    this.count = 0;
    this.problems = [];
  }

  check(headers, body) {
    const event = headers['x-github-event'];
    const name = [event, body.action].filter(Boolean).join('-').replaceAll('_', '-');
    this.count += 1;
    this.seen.add(name);
    const described = this.spec.webhooks[name]?.post;
    if (!described) return this.problems.push(`${name}: GitHub has no such webhook`);
    for (const parameter of described.parameters ?? []) {
      const header = parameter.name?.toLowerCase();
      if (header && header !== 'x-hub-signature-256' && headers[header] === undefined) this.problems.push(`${name}: the header ${header} is missing`);
    }
    const { $ref } = described.requestBody.content['application/json'].schema;
    const validate = this.ajv.getSchema(`hooks${pointer(...$ref.slice(2).split('/'))}`);
    if (!validate(body)) this.problems.push(`${name}: ${told(validate.errors).join('; ')}`);
    return undefined;
  }
}
