// Runs in the citizens' page before its own code: a microphone as it comes, or the refusal that the test wishes.
(() => {
  const { microphone } = globalThis.deskWish;
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  navigator.mediaDevices.getUserMedia = async () => {
    if (microphone !== undefined) throw new DOMException('as the test wishes', microphone);
    return open({ audio: plain });
  };
})();
