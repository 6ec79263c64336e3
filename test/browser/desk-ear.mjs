// Runs in the desk's page before its own code: how it is to look, a microphone as it comes, an ear on every connection, an eye on the screen pop.
(() => {
  const { theme, language } = globalThis.deskWish;
  localStorage.setItem('minhu.theme', theme);
  localStorage.setItem('minhu.language', language);
  localStorage.setItem('minhu.devices', JSON.stringify({ processing: false }));

  const pieces = [];
  /** Pieces of 1,024 samples: two seconds. */
  const PIECES_MAX = 16;
  /** One ear at a time: that of the newest connection. */
  let ear;
  const listen = (track) => {
    const stream = new MediaStream([track]);
    // Chromium feeds a remote stream to Web Audio only while an element plays it too.
    const element = new Audio();
    element.srcObject = stream;
    element.muted = true;
    void element.play();
    void ear?.context.close();
    pieces.length = 0;
    const context = new AudioContext({ sampleRate: 8_000 });
    const source = context.createMediaStreamSource(stream);
    const tap = context.createScriptProcessor(1_024, 1, 1);
    tap.onaudioprocess = ({ inputBuffer }) => {
      pieces.push(Int16Array.from(inputBuffer.getChannelData(0), (x) => Math.round(x * 32_767)));
      if (pieces.length > PIECES_MAX) pieces.shift();
    };
    source.connect(tap);
    tap.connect(context.destination);
    ear = { context, element, source, tap };
  };
  let newest;
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration) {
      super(configuration);
      newest = this;
      this.addEventListener('track', ({ track }) => listen(track));
    }
  };

  /** Base64 of 16-bit samples. */
  const heardHere = () => btoa(pieces.map((piece) => String.fromCharCode(...new Uint8Array(piece.buffer))).join(''));

  /** The far end's port of the way by which the newest connection's sound goes. */
  /** Between which ports the sound goes now; FreeSWITCH keeps its own through an ICE restart. */
  const wayOf = async () => {
    const stats = await newest.getStats();
    const transport = [...stats.values()].find(({ type }) => type === 'transport');
    const pair = stats.get(transport?.selectedCandidatePairId);
    if (pair === undefined) return undefined;
    return `${stats.get(pair.localCandidateId)?.port} ${stats.get(pair.remoteCandidateId)?.port}`;
  };

  /** From the first sign of a call in the page until all of it is there, ms. */
  const watchPop = () =>
    new Promise((resolve) => {
      let rangMs;
      const textOf = (name) => document.querySelector(`[data-test=${name}]`)?.textContent ?? '';
      const look = () => {
        if (document.querySelector('.is-ringing') !== null) rangMs ??= performance.now();
        const whole = /\d\*+\d/.test(textOf('from')) && textOf('line') !== '—' && /首次来电|次/.test(textOf('history'));
        if (rangMs === undefined || !whole) return;
        observer.disconnect();
        resolve(performance.now() - rangMs);
      };
      const observer = new MutationObserver(look);
      observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    });
  const notes = [];
  const contexts = new Set();
  /** From now on: what is shown outside of the page, which nobody looks at, and what rings. */
  const watchAnnounced = () => {
    document.hasFocus = () => false;
    globalThis.Notification = class extends Notification {
      constructor(title, options) {
        super(title, options);
        const note = { title, closed: false };
        notes.push(note);
        this.note = note;
      }

      close() {
        this.note.closed = true;
        super.close();
      }
    };
    globalThis.AudioContext = class extends AudioContext {
      createOscillator() {
        contexts.add(this);
        this.tones = (this.tones ?? 0) + 1;
        return super.createOscillator();
      }
    };
  };
  const announcedHere = () => {
    const open = [...contexts].filter(({ state }) => state === 'running');
    return {
      notes,
      tones: open.reduce((sum, { tones }) => sum + tones, 0),
      sounds: open.length,
    };
  };
  Object.assign(globalThis, { announcedHere, heardHere, watchAnnounced, watchPop, wayOf });
})();
