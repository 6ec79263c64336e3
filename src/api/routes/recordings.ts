import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { findRecording, hadContact, isOwnRecording } from '../../store/contact-records.ts';
import type { Role } from '../../store/schema.ts';
import type { Person } from '../../store/sessions.ts';
import type { Db } from '../../store/store.ts';
import { LEADS, personOf, reachAs } from '../access.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';
import { RecordingParams, RecordingQuery } from '../schemas.ts';

/** Channels guide, rights: for so long an agent hears what was recorded of the own talks. */
export const OWN_RECORDING_MS = 7 * 86_400_000;
const HEARERS: readonly Role[] = [...LEADS, 'auditor'];
const BY_ROLE: readonly Role[] = ['agent', ...HEARERS];
/** When an admin has said so of the account, for a reason each time. */
const BY_GRANT: readonly Role[] = ['dispatcher'];

export function addRecordingRoutes(app: Api, { db, recordingFolder }: ApiOptions): void {
  app.get(
    '/api/v1/contacts/:id/recordings/:number',
    {
      config: { access: [...BY_ROLE, ...BY_GRANT], audit: 'later' },
      schema: { params: RecordingParams, querystring: RecordingQuery, produces: ['audio/wav'] },
    },
    async (request, reply) => {
      const { id } = request.params;
      const number = Number(request.params.number);
      const reason = request.query.reason?.trim();
      const hearing = hearingOf(personOf(request), reason);
      if (reason !== undefined) request.deed = { detail: reason };
      const agents = hearing === 'all' ? undefined : await reachAs(hearing, db);
      if (agents !== undefined && !(await hadContact(db, id, agents))) throw new ApiError('RECORDING_UNKNOWN');
      const recording = await findRecording(db, id, number);
      if (!recording) throw new ApiError('RECORDING_UNKNOWN');
      if (recording.ended_at_ms === null) throw new ApiError('RECORDING_RUNNING');
      if (hearing !== 'all' && !hearing.roles.some((role) => HEARERS.includes(role)))
        await mustBeOwn(db, { id, number, endedAtMs: recording.ended_at_ms, user: hearing.user });
      const file = await confined(recording.file, recordingFolder);
      const { size } = await stat(file);
      const range = readRange(request.headers.range, size);
      reply.header('accept-ranges', 'bytes').header('cache-control', 'private, no-store').type('audio/wav');
      if (range === 'outside') {
        reply.header('content-range', `bytes */${size}`);
        throw new ApiError('RANGE_UNKNOWN');
      }
      if (range === undefined) return reply.header('content-length', size).send(createReadStream(file));
      const { start, end } = range;
      reply
        .code(206)
        .header('content-range', `bytes ${start}-${end}/${size}`)
        .header('content-length', end - start + 1);
      return reply.send(createReadStream(file, { start, end }));
    },
  );
}

/** As whom a person hears: `all` by a grant, else by the roles that play recordings by themselves. */
function hearingOf(person: Person, reason: string | undefined): Person | 'all' {
  const isGranted = person.mayPlay === true && person.roles.some((role) => BY_GRANT.includes(role));
  if (isGranted && reason !== undefined) return 'all';
  const roles = person.roles.filter((role) => BY_ROLE.includes(role));
  if (roles.length === 0) throw new ApiError(isGranted ? 'REASON_NEEDED' : 'FORBIDDEN');
  return { ...person, roles };
}

async function mustBeOwn(
  db: Db,
  asked: { readonly id: string; readonly number: number; readonly endedAtMs: number; readonly user: string },
): Promise<void> {
  const { id, number, endedAtMs, user } = asked;
  if (!(await isOwnRecording(db, id, number, user))) throw new ApiError('RECORDING_UNKNOWN');
  if (endedAtMs < Date.now() - OWN_RECORDING_MS) throw new ApiError('RECORDING_OLD');
}

/** The real file, when it lies in the recordings folder: whatever path a journal may hold, nothing else is ever served. */
async function confined(file: string, folder: string): Promise<string> {
  try {
    const [real, root] = await Promise.all([realpath(file), realpath(folder)]);
    if (real.startsWith(root + sep)) return real;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  throw new ApiError('RECORDING_MISSING');
}

/** One range (RFC 9110 §14.1.2). Several, or another unit: the whole file, which is always allowed. */
function readRange(header: string | undefined, size: number): { start: number; end: number } | 'outside' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'outside' : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return undefined;
  return start >= size ? 'outside' : { start, end };
}
