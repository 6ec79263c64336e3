import type { Application, Board } from './board.ts';
import { emit } from './event-headers.ts';
import { type Leg, RECORDINGS_MAX, setVariables } from './leg.ts';

/** False when the leg records too much already or this file. */
export function startRecording(board: Board, leg: Leg, file: string): boolean {
  if (file === '' || leg.recordings.has(file) || leg.recordings.size >= RECORDINGS_MAX) return false;
  leg.recordings.set(file, undefined);
  board.media({ wish: 'record', leg: leg.id, file });
  return true;
}

export function stopRecording(board: Board, leg: Leg, file: string): boolean {
  if (!leg.recordings.has(file)) return false;
  board.media({ wish: 'stopRecord', leg: leg.id, file });
  return true;
}

/** The media worker writes. */
export function recordingStarted(board: Board, leg: Leg, file: string): void {
  if (!leg.recordings.has(file)) return;
  leg.recordings.set(file, Date.now());
  emit(board, leg, 'RECORD_START', { after: [['Record-File-Path', file]] });
}

interface EndedRecording {
  readonly file: string;
  readonly durationMs: number;
  readonly bytes: number;
  readonly why?: string;
}

/** The file is closed and true. `why`: the disk refused. */
export function recordingEnded(board: Board, leg: Leg, ended: EndedRecording): void {
  const { file, durationMs, bytes, why } = ended;
  if (!leg.recordings.delete(file)) return;
  const cause = why === undefined ? 'success-maxtime' : 'input-failure';
  setVariables(leg, {
    record_file_size: bytes,
    record_ms: durationMs,
    record_seconds: Math.floor(durationMs / 1000),
    record_samples: durationMs * 8,
    record_completion_cause: cause,
  });
  emit(board, leg, 'RECORD_STOP', {
    after: [
      ['Record-File-Path', file],
      ['Record-Completion-Cause', cause],
    ],
  });
}

export const recordSession: Application = (board, leg, order, run) => {
  run.done(startRecording(board, leg, order.data) ? '_none_' : '-ERR CANNOT RECORD');
};

export const stopRecordSession: Application = (board, leg, order, run) => {
  const files = order.data === 'all' ? [...leg.recordings.keys()] : [order.data];
  const stopped = files.filter((file) => stopRecording(board, leg, file));
  run.done(stopped.length > 0 ? '_none_' : '-ERR NOT RECORDING');
};
