/** The loudest sample of each column, 0..1. */
export type Peaks = readonly number[];

const COLUMNS = 480;
/** Nothing quieter is drawn large, -34 dBFS. */
const QUIET = 0.02;

/** One row for each channel: left the citizen, right the agent. */
export function peaksOf(audio: AudioBuffer): readonly Peaks[] {
  return Array.from({ length: audio.numberOfChannels }, (_, channel) => {
    const samples = audio.getChannelData(channel);
    const each = Math.max(1, Math.floor(samples.length / COLUMNS));
    return Array.from({ length: COLUMNS }, (_column, column) => {
      let peak = 0;
      for (let at = column * each; at < Math.min(samples.length, (column + 1) * each); at += 1)
        peak = Math.max(peak, Math.abs(samples[at] ?? 0));
      return peak;
    });
  });
}

/** `played`: the share that was heard already, 0..1. */
export function drawWaveform(canvas: HTMLCanvasElement, rows: readonly Peaks[], played: number): void {
  const scale = window.devicePixelRatio;
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext('2d');
  if (pen === null) return;
  pen.scale(scale, scale);
  const colour = (name: string): string => getComputedStyle(canvas).getPropertyValue(name);
  const [heard, rest] = [colour('--accent'), colour('--line-strong')];
  const rowHeight = height / rows.length;
  // The loudest fills its row; a recording of silence stays a line.
  const loudest = Math.max(QUIET, ...rows.flat());
  rows.forEach((peaks, row) => {
    const middle = rowHeight * (row + 0.5);
    peaks.forEach((peak, column) => {
      pen.fillStyle = column / peaks.length < played ? heard : rest;
      const half = Math.max(0.5, (peak / loudest) * rowHeight * 0.45);
      pen.fillRect((column / peaks.length) * width, middle - half, Math.max(1, width / peaks.length - 0.4), 2 * half);
    });
  });
}
