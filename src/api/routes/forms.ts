import { type Static, Type } from 'typebox';
import { contactId } from '../../core/ids.ts';
import { type FormWish, isAsWished, readForm, saveDraft, submitForm } from '../../store/contact-forms.ts';
import type { ContactFormTable } from '../../store/schema.ts';
import { personOf, reachOf, WRITERS } from '../access.ts';
import { hasNow, mustHaveHad } from '../contact-reach.ts';
import { ApiError } from '../errors.ts';
import { FormBody, FormShape, formText, formView, SubmitHeaders } from '../form-shapes.ts';
import type { Api, ApiOptions } from '../options.ts';
import { ContactParams } from '../schemas.ts';
import { writeDown } from '../write-down.ts';

/** 登记单: what an agent writes down of a contact. Drafts are saved as often as the page likes; one submission closes the form. */
export function addFormRoutes(app: Api, options: ApiOptions): void {
  const { db, core } = options;
  const url = '/api/v1/contacts/:id/form';

  app.get(
    url,
    { config: { access: WRITERS }, schema: { params: ContactParams, response: { 200: FormShape, 204: Type.Null() } } },
    async (request, reply) => {
      await mayWrite(request, options);
      const { id } = request.params;
      // Before it is read: of what is stored from here on they are told.
      app.live?.forms.read(id, personOf(request).user);
      const row = await readForm(db, id);
      return row === undefined ? reply.code(204).send(null) : formView(row);
    },
  );

  app.put(
    url,
    {
      config: { access: WRITERS, audit: 'never' },
      schema: { params: ContactParams, body: FormBody, response: { 200: FormShape } },
    },
    async (request) => {
      await mayWrite(request, options);
      const row = await saveDraft(db, wishOf(request));
      if (row === undefined) throw new ApiError('CONTACT_UNKNOWN');
      if (row.submitted_at_ms !== null) throw new ApiError('FORM_SUBMITTED');
      if (!isAsWished(row, wishOf(request))) throw new ApiError('FORM_NEWER');
      tellStored(app, row, request.body.base);
      return formView(row);
    },
  );

  app.post(
    `${url}/submit`,
    {
      config: { access: WRITERS },
      schema: { params: ContactParams, headers: SubmitHeaders, body: FormBody, response: { 200: FormShape } },
    },
    async (request) => {
      await mayWrite(request, options);
      const { id } = request.params;
      const { type, content, resolution } = request.body;
      if (type === '' || resolution === '' || content.trim() === '')
        throw new ApiError('REQUEST_INVALID', { detail: 'type, resolution and content are needed' });
      const key = request.headers['idempotency-key'];
      const event = { contact: contactId(id), by: personOf(request).user, code: resolution };
      // Before the form stands: an attempt that is cut in between is repeated whole, and says the same again.
      const row = await submitForm(db, wishOf(request), key, () =>
        writeDown(core, request, { type: 'dispositionGiven', ...event }, 'what came of a contact'),
      );
      if (row === undefined) throw new ApiError('CONTACT_UNKNOWN');
      if (row.submitted_at_ms === null) throw new ApiError('FORM_NEWER');
      const once = onlyOnce(row, wishOf(request), key);
      tellStored(app, once, request.body.base);
      return formView(once);
    },
  );
}

function tellStored(app: Api, row: ContactFormTable, base: number | undefined): void {
  const { contact, revision, submitted_at_ms } = row;
  // The same once more, whose answer was lost, says the same again, and goes on from itself in nobody's eyes.
  const from = base === undefined || base >= revision ? {} : { base };
  app.live?.forms.stored({ contact, revision, ...from, submitted: submitted_at_ms !== null }, row.by_user);
}

function onlyOnce(row: ContactFormTable, wish: FormWish, key: string): ContactFormTable {
  if (row.submit_key !== key) throw new ApiError('FORM_SUBMITTED');
  if (!isAsWished(row, wish)) throw new ApiError('KEY_REUSED');
  return row;
}

type Asked = Parameters<typeof personOf>[0] & { readonly params: { readonly id: string } };

/** Who has the contact now or is offered it, or spoke in it, or leads who did. */
export async function mayWrite(request: Asked, options: ApiOptions): Promise<void> {
  const { db, core } = options;
  const { id } = request.params;
  if (hasNow(core, personOf(request).user, id)) return;
  await mustHaveHad(options, id, await reachOf(request, db));
}

function wishOf(request: Asked & { readonly body: Static<typeof FormBody> }): FormWish {
  return {
    contact: request.params.id,
    by: personOf(request).user,
    text: formText(request.body),
    revision: request.body.revision,
    base: request.body.base,
    atMs: Date.now(),
  };
}
