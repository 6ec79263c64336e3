import { ref } from 'vue';

/** The page has the whole window: nothing of the frame around it is shown. */
export const fullPage = ref(false);

/** Asks the browser for the whole screen, too; without it (a kiosk has it already, or forbids it) the page still has the window. */
export async function setFullPage(full: boolean): Promise<void> {
  fullPage.value = full;
  try {
    if (full && document.fullscreenElement === null) await document.documentElement.requestFullscreen();
    if (!full && document.fullscreenElement !== null) await document.exitFullscreen();
  } catch {
    // The window is what there is.
  }
}
