import { reactive, watch } from 'vue';

/** What this browser uses: by device id, empty for the system's own. Kept in this browser only. */
export interface Choices {
  microphone: string;
  speaker: string;
  ringer: string;
  /** 0..1. */
  ringVolume: number;
  /** Echo cancellation, noise suppression and gain control by the browser. */
  processing: boolean;
}

const KEY = 'minhu.devices';
const USUAL: Choices = { microphone: '', speaker: '', ringer: '', ringVolume: 0.6, processing: true };

export const choices = reactive<Choices>({ ...USUAL, ...stored() });
watch(choices, () => localStorage.setItem(KEY, JSON.stringify(choices)), { deep: true });

function stored(): Partial<Choices> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Choices>;
  } catch {
    return {};
  }
}

export function microphoneWish(): MediaTrackConstraints {
  const { microphone, processing } = choices;
  return {
    ...(microphone === '' ? {} : { deviceId: { ideal: microphone } }),
    echoCancellation: processing,
    noiseSuppression: processing,
    autoGainControl: processing,
  };
}

export interface Device {
  readonly id: string;
  readonly label: string;
}

/** Names are told only once the microphone was allowed. */
export async function devicesOf(kind: 'audioinput' | 'audiooutput'): Promise<readonly Device[]> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return all
    .filter((device) => device.kind === kind && device.deviceId !== '' && device.deviceId !== 'default')
    .map(({ deviceId, label }) => ({ id: deviceId, label: label || deviceId.slice(0, 8) }));
}
