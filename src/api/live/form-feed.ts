import { hadContact } from '../../store/contact-records.ts';
import type { Person } from '../../store/sessions.ts';
import { reachAs, WRITERS } from '../access.ts';
import { hasNow } from '../contact-reach.ts';
import type { ApiOptions } from '../options.ts';
import type { Hub } from './hub.ts';
import type { FormItem } from './messages.ts';

/** Of so many forms it is known who has read them: those that nobody asked for for longest are forgotten first. */
const FORMS_MAX = 10_000;
/** Of one form: the last ones. */
const READERS_MAX = 16;

type Stored = Omit<FormItem, 'key' | 'kind'>;

/** Tells whoever has read a form, and still may, that it is stored anew. What stands in it they ask for. */
export class FormFeed {
  readonly #hub: Hub;
  readonly #options: ApiOptions;
  readonly #readers = new Map<string, Set<string>>();

  constructor(hub: Hub, options: ApiOptions) {
    this.#hub = hub;
    this.#options = options;
  }

  /** `user` may, and knows now what stands there. */
  read(contact: string, user: string): void {
    const readers = this.#readers.get(contact) ?? new Set();
    addNewest(readers, user, READERS_MAX);
    this.#readers.delete(contact);
    this.#readers.set(contact, readers);
    if (this.#readers.size > FORMS_MAX) this.#readers.delete(this.#readers.keys().next().value!);
  }

  /** It is committed; `by` is who wrote it, and has other pages, too. */
  stored(form: Stored, by: string): void {
    this.read(form.contact, by);
    for (const user of this.#readers.get(form.contact) ?? []) void this.#tell(user, form, user === by);
    if (form.submitted) this.#readers.delete(form.contact);
  }

  async #tell(user: string, form: Stored, isWriter: boolean): Promise<void> {
    const person = this.#hub.personAt(user);
    if (person === undefined) return;
    if (!isWriter && !(await this.#mayRead(person, form.contact))) return;
    this.#hub.watch.formStored(user, form);
    this.#hub.tell();
  }

  /** They could when they read it; team or role may be others now. */
  async #mayRead(person: Person, contact: string): Promise<boolean> {
    const { db, core, logger } = this.#options;
    const roles = person.roles.filter((role) => WRITERS.includes(role));
    if (roles.length === 0) return false;
    if (hasNow(core, person.user, contact)) return true;
    try {
      return await hadContact(db, contact, await reachAs({ ...person, roles }, db));
    } catch (error) {
      logger.debug({ err: error }, 'who may hear of a form cannot be read now');
      return false;
    }
  }
}

function addNewest(names: Set<string>, name: string, max: number): void {
  names.delete(name);
  names.add(name);
  if (names.size > max) names.delete(names.values().next().value!);
}
