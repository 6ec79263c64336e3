import type { FastifyRequest } from 'fastify';

/** In both languages; who asks is told one. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

/** As ajv tells of it. */
interface Fault {
  readonly keyword: string;
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/**
 * What is wrong with a request that does not have its route's shape: of a choice, the values there are; of a field that nobody knows, its name.
 *
 * @param error of fastify's validation.
 * @returns undefined of any other fault.
 */
export function faultOf(error: object, request: FastifyRequest): Words | undefined {
  const { validation, validationContext } = error as { validation?: unknown; validationContext?: string };
  const fault = Array.isArray(validation) ? (validation[0] as Fault | undefined) : undefined;
  if (fault === undefined) return undefined;
  if (fault.keyword === 'additionalProperties') return unknownField(fault);
  const shapes = request.routeOptions.schema as Readonly<Record<string, unknown>> | undefined;
  const values = choicesAt(shapes?.[validationContext ?? ''], fault.schemaPath);
  return values && wrongChoice(nameOf(fault), values);
}

function unknownField(fault: Fault): Words {
  const name = [nameOf(fault), String(fault.params['additionalProperty'])].filter((each) => each !== '').join('.');
  return { zh: `没有 ${name} 这一项。`, en: `There is no field ${name} here.` };
}

function wrongChoice(name: string, values: readonly string[]): Words {
  return { zh: `${name} 只能是：${values.join('、')}。`, en: `${name} takes one of: ${values.join(', ')}.` };
}

/** `/seat/digest` → `seat.digest`. */
function nameOf({ instancePath }: Fault): string {
  return instancePath.slice(1).replaceAll('/', '.');
}

/** On the way to the schema that was not met, the first that is nothing but a choice. */
function choicesAt(schema: unknown, schemaPath: string): readonly string[] | undefined {
  let at = schema;
  for (const step of schemaPath.split('/').slice(1)) {
    const values = choicesOf(at);
    if (values !== undefined) return values;
    at = (at as Record<string, unknown> | undefined)?.[step.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return undefined;
}

function choicesOf(schema: unknown): readonly string[] | undefined {
  const { const: only, enum: some, anyOf: kinds, type } = (schema ?? {}) as Record<string, unknown>;
  if (only !== undefined) return [String(only)];
  if (Array.isArray(some)) return some.map(String);
  if (!Array.isArray(kinds)) return undefined;
  const each = kinds.map((one) => (one.type === 'null' ? ['null'] : choicesOf(one)));
  return type === undefined && each.every((values) => values !== undefined) ? each.flat() : undefined;
}
