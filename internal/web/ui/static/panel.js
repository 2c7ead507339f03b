// Kiosk: touch keys, keyboard and scanner, time-out, heartbeat, sounds.
'use strict';

(() => {
  const settings = () => document.body.dataset;
  const main = () => document.getElementById('kiosk-main');

  const post = (action, fields) => {
    const form = document.createElement('form');
    form.method = 'post';
    form.action = action;
    for (const [name, value] of Object.entries(fields)) {
      const input = document.createElement('input');
      input.type = 'hidden';
      input.name = name;
      input.value = value;
      form.append(input);
    }
    document.body.append(form);
    form.requestSubmit();
  };

  // The "One moment" page asks for the kiosk each second and goes there once it answers.
  if (document.body.dataset.retry) {
    const home = location.href;
    setInterval(async () => {
      try {
        const answer = await fetch(home, { cache: 'no-store', headers: { 'X-Retry': '1' } });
        if (answer.status < 500) location.replace(home);
      } catch {
        // still down
      }
    }, 1000);
    return;
  }

  // Sounds: short tones, no files.
  let audio = null;
  const tones = { ok: [[880, 0, 0.12]], error: [[220, 0, 0.3]], open: [[660, 0, 0.12], [990, 0.14, 0.2]], warn: [[520, 0, 0.15], [520, 0.25, 0.15]] };
  const shake = (pattern) => navigator.userActivation?.hasBeenActive && navigator.vibrate?.(pattern);
  const play = (name) => {
    if (!tones[name]) return;
    shake(name === 'error' ? [80, 60, 80] : 60);
    audio ??= new AudioContext();
    for (const [pitch, start, length] of tones[name]) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      const at = audio.currentTime + start;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.2, at);
      volume.gain.exponentialRampToValueAtTime(0.001, at + length);
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at + length);
    }
  };
  let lastSound = '';
  const soundOf = () => {
    const el = main()?.querySelector('[data-sound]') ?? main();
    const key = el ? `${el.id}:${el.dataset.sound ?? ''}` : '';
    if (key !== lastSound) play(el?.dataset.sound ?? '');
    lastSound = key;
  };

  // The code form: a real input that nobody sees, shown as boxes.
  const codeForm = () => document.querySelector('[data-code]');
  const codeInput = () => codeForm()?.querySelector('.code-in');
  const normal = (form, text) => [...text.toUpperCase()].filter((c) => form.dataset.keys.includes(c)).join('');
  let maskTimer = 0;
  const draw = (reveal) => {
    const form = codeForm();
    if (!form) return;
    const value = codeInput().value;
    clearTimeout(maskTimer);
    [...form.querySelectorAll('.boxes span')].forEach((box, i) => {
      const shown = reveal && i === value.length - 1 ? value[i] : '\u2022'; // a bullet hides what was typed
      box.textContent = i < value.length ? shown : '';
      box.classList.toggle('on', i < value.length);
      box.classList.toggle('cur', i === value.length);
    });
    const count = form.querySelector('[data-count]');
    if (value) count.textContent = `${value.length} ${form.dataset.spoken ?? ''}`; // never the symbol itself
    if (reveal) maskTimer = setTimeout(() => draw(false), 1000);
  };
  let sendTimer = 0;
  const setCode = (text, wait) => {
    const form = codeForm();
    const length = Number(form.dataset.length);
    codeInput().value = normal(form, text).slice(0, length);
    draw(true);
    clearTimeout(sendTimer);
    // A scanner types the first nine symbols of a longer token too: wait for its pause.
    if (codeInput().value.length === length) sendTimer = setTimeout(() => form.requestSubmit(), wait);
  };

  // Touch keys type into the code, or into the field that asks for it.
  const keyed = () => document.querySelector('input[data-keyed]');
  document.addEventListener('click', (e) => {
    const key = e.target.closest('[data-key], [data-key-delete], [data-key-ok]');
    if (!key) return;
    const field = codeInput() ?? keyed();
    if (!field) return;
    if (key.hasAttribute('data-key-ok')) {
      field.form.requestSubmit();
      return;
    }
    shake(15);
    const text = key.dataset.key ? field.value + key.dataset.key : field.value.slice(0, -1);
    if (field === codeInput()) {
      setCode(text, 0);
    } else {
      field.value = text;
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }
  });

  // Keyboard and scanner. A scanner is a keyboard that types faster than anybody and ends with
  // Enter; it may do so at any moment, wherever the focus is.
  const burstGap = 40; // ms between two keys of a scanner at most
  const forget = 5000; // ms after which half-typed text counts no more
  const shortest = 4; // symbols of the shortest thing worth reading
  let typed = '';
  let fast = true;
  let lastKey = 0;
  let fieldBefore = null;

  const editable = (el) => el?.matches?.('input:not([type=hidden], [type=radio], [type=checkbox]), textarea, select') && !el.matches('.code-in');

  const scan = (text) => {
    const here = document.querySelector('input[data-scan-here]');
    if (here) {
      here.value = text;
      here.form.requestSubmit();
    } else if (settings().scan) {
      post(settings().scan, { scan: text });
    }
  };

  const onEnter = (e) => {
    const text = typed;
    const burst = fast && text.length >= shortest;
    const before = fieldBefore;
    typed = '';
    fieldBefore = null;
    if (burst) {
      e.preventDefault();
      clearTimeout(sendTimer);
      if (before && before.field.isConnected) before.field.value = before.value;
      if (codeForm()) {
        codeInput().value = '';
        draw(false);
      }
      scan(text);
      return;
    }
    if (editable(e.target)) return; // the form submits by itself
    if (codeForm() && codeInput().value) {
      e.preventDefault();
      codeForm().requestSubmit();
    } else if (!codeForm() && text.length >= shortest) {
      e.preventDefault();
      scan(text);
    }
  };

  document.addEventListener('keydown', (e) => {
    if (e.altKey || e.ctrlKey || e.metaKey || e.isComposing) return;
    const gap = e.timeStamp - lastKey;
    if (e.key === 'Enter' || (e.key === 'Tab' && fast && typed.length >= shortest && gap < burstGap)) {
      onEnter(e);
      return;
    }
    if (e.key === 'Backspace' && codeForm() && !editable(e.target)) {
      e.preventDefault();
      setCode(codeInput().value.slice(0, -1), 0);
      return;
    }
    if (e.key.startsWith('Arrow') && !editable(e.target)) {
      moveFocus(e);
      return;
    }
    if (e.key.length !== 1) return;
    if (typed === '' || gap > forget) {
      typed = '';
      fast = true;
      fieldBefore = editable(e.target) ? { field: e.target, value: e.target.value } : null;
    } else if (gap > burstGap) {
      fast = false;
    }
    lastKey = e.timeStamp;
    typed += e.key;
    if (editable(e.target)) return;
    if (keyed() && !codeForm() && e.key !== ' ') {
      keyed().focus(); // the key goes on into the field
      return;
    }
    if (e.key === ' ') {
      typed = typed.trimEnd(); // presses the focused button
      return;
    }
    e.preventDefault();
    if (codeForm()) setCode(codeInput().value + e.key, 3 * burstGap);
  });

  // A tactile keypad without a pointer drives everything by arrow keys, Enter and digits.
  const moveFocus = (e) => {
    const scope = document.querySelector('dialog[open]') ?? document;
    const all = [...scope.querySelectorAll('a[href], button, input:not([type=hidden], .code-in), select, summary')].filter((el) => !el.disabled);
    const from = all.includes(document.activeElement) ? document.activeElement : null;
    const next = from ? ui.neighbour(from, e.key, all) : all.find((el) => el.getBoundingClientRect().width > 1);
    if (!next) return;
    e.preventDefault();
    next.focus();
  };

  // What the page in #kiosk-main says of itself; it changes with each step, the body does not.
  const marker = () => document.getElementById('kiosk-now')?.dataset;
  let lastStep = '';
  const stepped = () => {
    const now = marker();
    const easier = document.documentElement.classList.contains('easier') ? ' easier' : '';
    if (now?.look && now.look !== document.documentElement.lang + easier) location.replace(settings().home);
    if (!now || now.step === lastStep) return;
    lastStep = now.step;
    quiet = 0;
    document.getElementById('idle')?.close();
  };

  // Time-out: warn, then go home. Any touch or key starts it again.
  let quiet = 0;
  let left = 0;
  const leave = () => {
    if (settings().leave) post(settings().leave, {});
    else location.assign(settings().home);
  };
  const touched = () => {
    quiet = 0;
    document.body.classList.remove('dim');
  };
  for (const kind of ['pointerdown', 'keydown']) document.addEventListener(kind, touched, { capture: true, passive: true });
  document.addEventListener('pointermove', (e) => {
    if (e.pointerType === 'mouse') document.body.classList.add('pointer');
  }, { passive: true });

  const dimAfter = 600; // s
  const everySecond = () => {
    quiet++;
    const now = marker();
    const idle = Number(now?.idleNow ?? settings().idle ?? 0);
    if (now?.leaveAfter && quiet === Number(now.leaveAfter)) leave();
    const dialog = document.getElementById('idle');
    if (dialog?.open) {
      left--;
      document.getElementById('idle-left').textContent = String(Math.max(left, 0));
      if (left <= 0) leave();
    } else if (dialog && idle && quiet >= idle) {
      left = Number(settings().warn || 30);
      document.getElementById('idle-left').textContent = String(left);
      dialog.showModal();
      play('warn');
    } else if (!idle && quiet === dimAfter) {
      document.body.classList.add('dim');
    }
  };
  document.addEventListener('click', (e) => {
    if (e.target.closest('[data-idle-more]')) document.getElementById('idle').close();
    else if (e.target.closest('[data-idle-leave]')) leave();
  });

  // A picture that never moves burns in: shift it by a few pixels each hour.
  const shift = () => {
    const step = new Date().getHours() % 4;
    for (let i = 1; i < 4; i++) document.body.classList.toggle(`shift${i}`, i === step);
  };

  // Heartbeat: the controller restarts a silent browser; a silent controller turns this page into
  // "One moment" (the service worker answers for it).
  let missed = 0;
  const beat = async () => {
    try {
      const answer = await fetch(settings().heartbeat, { method: 'POST', cache: 'no-store', signal: AbortSignal.timeout(4000) });
      missed = answer.status < 500 ? 0 : missed + 1;
    } catch {
      missed++;
    }
    if (missed >= 2) location.replace(settings().home);
  };

  document.addEventListener('contextmenu', (e) => e.preventDefault());
  document.addEventListener('htmx:after:swap', () => {
    ui.release();
    stepped();
    soundOf();
    draw(false);
  });
  document.addEventListener('DOMContentLoaded', () => {
    if (settings().worker) navigator.serviceWorker?.register(settings().worker).catch(() => {}); // the kiosk works without it
    if (settings().heartbeat) setInterval(beat, 5000);
    setInterval(everySecond, 1000);
    setInterval(shift, 60000);
    shift();
    lastStep = marker()?.step ?? '';
    soundOf();
    draw(false);
    keyed()?.focus();
  });
})();
