import type { FastifyRequest } from 'fastify';
import { ONE_LINE, SOME_LINES, WRITTEN } from './text-pattern.ts';

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
 * What is wrong with a request that does not have its route's shape: of a choice, the values there are; of a field that nobody knows or that is not
 * there, its name; of words, what they lack.
 *
 * @param error of fastify's validation.
 * @returns undefined of any other fault.
 */
export function faultOf(error: object, request: FastifyRequest): Words | undefined {
  const { validation, validationContext } = error as { validation?: unknown; validationContext?: string };
  const faults: readonly Fault[] = Array.isArray(validation) ? validation : [];
  const fault = faults.find(({ keyword }) => keyword !== 'required' && keyword !== 'anyOf');
  // Where one shape of several would do, what others need is not what is wrong.
  if (fault === undefined) return missingField(faults.filter(({ keyword }) => keyword === 'required'));
  if (fault.keyword === 'additionalProperties') return unknownField(fault);
  const shapes = request.routeOptions.schema as Readonly<Record<string, unknown>> | undefined;
  const values = choicesAt(shapes?.[validationContext ?? ''], fault.schemaPath);
  return values ? wrongChoice(nameOf(fault), values) : wrongWords(fault);
}

function unknownField(fault: Fault): Words {
  const name = fieldOf(fault, 'additionalProperty');
  return { zh: `没有 ${name} 这一项。`, en: `There is no field ${name} here.` };
}

function missingField(faults: readonly Fault[]): Words | undefined {
  const names = faults.map((fault) => fieldOf(fault, 'missingProperty'));
  if (names.length === 0) return undefined;
  return { zh: `缺少 ${names.join(' 或 ')} 这一项。`, en: `The field ${names.join(' or ')} is missing.` };
}

function fieldOf(fault: Fault, param: 'additionalProperty' | 'missingProperty'): string {
  return [nameOf(fault), String(fault.params[param])].filter((each) => each !== '').join('.');
}

function wrongChoice(name: string, values: readonly string[]): Words {
  return { zh: `${name} 只能是：${values.join('、')}。`, en: `${name} takes one of: ${values.join(', ')}.` };
}

function wrongWords(fault: Fault): Words | undefined {
  const { limit, pattern } = fault.params;
  const name = nameOf(fault);
  if (fault.keyword === 'minLength' && limit === 1)
    return { zh: `${name} 不能为空。`, en: `${name} must not be empty.` };
  if (fault.keyword === 'minLength')
    return { zh: `${name} 至少要 ${limit} 个字。`, en: `${name} takes at least ${limit} characters.` };
  if (fault.keyword === 'maxLength')
    return { zh: `${name} 最多 ${limit} 个字。`, en: `${name} takes at most ${limit} characters.` };
  if (fault.keyword === 'type') return wrongKind(name, String(fault.params['type']));
  if (fault.keyword !== 'pattern') return undefined;
  if (pattern === ONE_LINE || pattern === SOME_LINES)
    return {
      zh: `${name} 不能只是空白，也不能含控制字符。`,
      en: `${name} must be more than blanks, and without control characters.`,
    };
  if (pattern === WRITTEN) return { zh: `${name} 不能含控制字符。`, en: `${name} must be without control characters.` };
  return { zh: `${name} 的写法不对。`, en: `${name} is not written as it has to be.` };
}

const KINDS: Readonly<Record<string, Words>> = {
  string: { zh: '文字', en: 'a text' },
  integer: { zh: '整数', en: 'a whole number' },
  number: { zh: '数字', en: 'a number' },
  boolean: { zh: ' true 或 false', en: 'true or false' },
  array: { zh: '列表', en: 'a list' },
  object: { zh: '对象', en: 'an object' },
};

function wrongKind(name: string, type: string): Words | undefined {
  const kind = KINDS[type];
  if (kind === undefined) return undefined;
  if (name === '') return { zh: `请求的正文应为${kind.zh}。`, en: `The body must be ${kind.en}.` };
  return { zh: `${name} 应为${kind.zh}。`, en: `${name} must be ${kind.en}.` };
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
