import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { findRecording } from '../../store/contact-records.ts';
import type { Person } from '../../store/sessions.ts';
import type { Db } from '../../store/store.ts';
import { personOf } from '../access.ts';
import { ApiError } from '../errors.ts';
import { BY_GRANT, BY_ROLE, type Ear, earOf, heardBy, isGranted } from '../hearing.ts';
import type { Api, ApiOptions } from '../options.ts';
import { RecordingParams, RecordingQuery } from '../schemas.ts';

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
      const ear = await earFor(personOf(request), reason, db);
      if (reason !== undefined) request.deed = { detail: reason };
      const recording = await findRecording(db, id, number);
      if (!recording) throw new ApiError('RECORDING_UNKNOWN');
      const heard = ear === 'all' ? 'yes' : heardBy(ear, recording, recording.talks);
      if (heard === 'no') throw new ApiError('RECORDING_UNKNOWN');
      if (recording.ended_at_ms === null) throw new ApiError('RECORDING_RUNNING');
      if (heard === 'old') throw new ApiError('RECORDING_OLD');
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

/** `all`: by a grant; else by the roles that play recordings by themselves. */
async function earFor(person: Person, reason: string | undefined, db: Db): Promise<Ear | 'all'> {
  if (isGranted(person) && reason !== undefined) return 'all';
  const ear = await earOf(person, db);
  if (ear === undefined) throw new ApiError(isGranted(person) ? 'REASON_NEEDED' : 'FORBIDDEN');
  return ear;
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
