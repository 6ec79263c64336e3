import { words } from '../language/words.ts';
import type { FilledTemplate, Template } from './chats.ts';

/** The channel's own word where the page has none. */
export function templateName(name: string, about: string = name): string {
  const { names } = words.value.template;
  return Object.hasOwn(names, name) ? names[name as keyof typeof names] : about;
}

export function fieldName(field: string): string {
  const { fields } = words.value.template;
  return Object.hasOwn(fields, field) ? fields[field as keyof typeof fields] : field;
}

/** As the agent reads it among what was said. */
export function templateLines({ name, values }: FilledTemplate, templates: readonly Template[]): readonly string[] {
  const about = templates.find((each) => each.name === name)?.about;
  const lines = Object.entries(values).map(([field, value]) => words.value.chats.field(fieldName(field), value));
  return [templateName(name, about), ...lines];
}
