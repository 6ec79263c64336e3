// What a page says and hears, at 8 kHz, through one sound card. A context for each telephone would be a stream of the browser's audio process each,
// which costs more than the calls do, and of which a browser has fifty: what comes after them stays suspended, silent without a word.
let card;

function soundCard() {
  card ??= new AudioContext({ sampleRate: 8_000 });
  void card.resume();
  return card;
}

/** A tone as a microphone's stream. */
export function openMouth(hz) {
  const context = soundCard();
  const tone = new OscillatorNode(context, { frequency: hz });
  const mouth = context.createMediaStreamDestination();
  tone.connect(new GainNode(context, { gain: 0.3 })).connect(mouth);
  tone.start();
  return mouth.stream;
}

export function openEar() {
  let pieces = [];
  const waiting = new Set();
  /** What records now. Held here, or it would be collected. */
  let tapped;
  let playing = 'not yet';

  /** A track comes anew when a hold ends: the former tap would hear it too. Chromium feeds a remote stream to Web Audio only while an element plays it too. */
  function hear(stream, connection) {
    tapped?.source.disconnect();
    tapped?.tap.disconnect();
    const context = soundCard();
    const element = new Audio();
    element.srcObject = stream;
    element.muted = true;
    playing = 'asked';
    element.play().then(
      () => {
        playing = 'yes';
      },
      (error) => {
        playing = String(error);
      },
    );
    const source = context.createMediaStreamSource(stream);
    const tap = context.createScriptProcessor(1_024, 1, 1);
    tap.onaudioprocess = ({ inputBuffer }) => {
      const piece = Int16Array.from(inputBuffer.getChannelData(0), (x) => x * 32_767);
      pieces.push(piece);
      for (const take of waiting) take(piece);
    };
    source.connect(tap);
    tap.connect(context.destination);
    tapped = { connection, context, element, source, stream, tap };
  }

  return {
    hear,
    heard() {
      const all = pieces;
      pieces = [];
      return btoa(all.map((piece) => String.fromCharCode(...new Uint8Array(piece.buffer))).join(''));
    },
    /** Whether all that is heard from now on comes to satisfy. */
    until: (satisfied, withinMs) =>
      new Promise((resolve) => {
        let heard = new Int16Array(0);
        const end = (whether) => {
          clearTimeout(timer);
          waiting.delete(take);
          resolve(whether);
        };
        const take = (piece) => {
          const both = new Int16Array(heard.length + piece.length);
          both.set(heard);
          both.set(piece, heard.length);
          heard = both;
          if (satisfied(heard)) end(true);
        };
        const timer = setTimeout(() => end(false), withinMs);
        waiting.add(take);
      }),
    /** Where a silence comes from: nothing arrived, nothing in it, nothing played. */
    async told() {
      if (tapped === undefined) return { track: 'none' };
      const { connection, context, element, stream } = tapped;
      const [track] = stream.getAudioTracks();
      const stats = [...(await connection.getStats()).values()];
      const { packetsReceived, packetsLost, totalAudioEnergy, totalSamplesReceived, concealedSamples, audioLevel } =
        stats.find(({ type }) => type === 'inbound-rtp') ?? {};
      return {
        ...{ connection: connection.connectionState, track: `${track?.readyState}${track?.muted ? ', muted' : ''}` },
        ...{ packetsReceived, packetsLost, audioLevel, totalAudioEnergy, totalSamplesReceived, concealedSamples },
        ...{ playing, element: `${element.paused ? 'paused' : 'playing'} at ${element.currentTime}` },
        card: `${context.state} at ${context.currentTime}`,
      };
    },
  };
}
