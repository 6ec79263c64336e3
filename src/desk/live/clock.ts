import { ref } from 'vue';

const TICK_MS = 500;
let skewMs = 0;

/** The server's clock, Unix time in ms: all that pages count is counted by it. */
export const nowMs = ref(Date.now());

setInterval(() => {
  nowMs.value = serverNow();
}, TICK_MS);

export function serverNow(): number {
  return Date.now() + skewMs;
}

export function setSkew(ms: number): void {
  skewMs = ms;
}

/** `3:07`, `1:02:30`. */
export function spell(durationMs: number): string {
  const all = Math.max(0, Math.floor(durationMs / 1_000));
  const [hours, minutes, seconds] = [Math.floor(all / 3_600), Math.floor(all / 60) % 60, all % 60];
  const two = (n: number): string => String(n).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** What has passed since, by the ticking clock. */
export function since(instantMs: number | undefined): string {
  return instantMs === undefined ? '0:00' : spell(nowMs.value - instantMs);
}

export function until(instantMs: number | undefined): string {
  return instantMs === undefined ? '0:00' : spell(instantMs - nowMs.value + 999);
}

const CITY = 'Asia/Shanghai';
const time = new Intl.DateTimeFormat('zh-CN', {
  timeZone: CITY,
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});
const day = new Intl.DateTimeFormat('sv-SE', { timeZone: CITY, year: 'numeric', month: '2-digit', day: '2-digit' });

export function timeOf(instantMs: number): string {
  return time.format(instantMs);
}

/** `2026-02-13`, in the city. */
export function dayOf(instantMs: number): string {
  return day.format(instantMs);
}
