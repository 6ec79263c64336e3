import { ref } from 'vue';

const KEY = 'minhu.seated';

/** In this tab the seat was confirmed; a reload goes on at once. */
export const seated = ref(sessionStorage.getItem(KEY) === '1');

export function takeSeat(): void {
  sessionStorage.setItem(KEY, '1');
  seated.value = true;
}

export function leaveSeat(): void {
  sessionStorage.removeItem(KEY);
  seated.value = false;
}
