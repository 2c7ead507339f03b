// The assistant without page loads: steps change at once, the address follows what is chosen.
'use strict';
(() => {
	const main = document.getElementById('main');
	const form = document.getElementById('plan');
	if (!form) return;
	const last = 6;

	const show = (step, focus) => {
		main.dataset.step = step;
		for (const a of document.querySelectorAll('[data-to]')) {
			if (a.dataset.to === String(step)) a.setAttribute('aria-current', 'step');
			else a.removeAttribute('aria-current');
		}
		for (const b of document.querySelectorAll('[data-move]')) {
			const to = step + Number(b.dataset.move);
			b.disabled = to < 1 || to > last;
			b.value = to;
		}
		const here = new URL(location.href);
		if (step > 1) here.searchParams.set('s', step);
		else here.searchParams.delete('s');
		history.replaceState(history.state, '', here);
		if (!focus) return;
		const heading = document.getElementById('t' + step) || document.querySelector('#s' + step + ' h2');
		heading?.focus({ preventScroll: true });
		heading?.scrollIntoView({ block: 'start' });
	};
	const step = () => Number(main.dataset.step);

	document.addEventListener('click', (e) => {
		const link = e.target.closest('[data-to]');
		const move = e.target.closest('[data-move]');
		const wrong = e.target.closest('a[href^="#"]');
		const field = wrong && document.getElementById(wrong.hash.slice(1));
		if (field?.closest('.pl-step[data-n]')) { // what is wrong stands on another step
			e.preventDefault();
			show(Number(field.closest('.pl-step[data-n]').dataset.n), false);
			field.focus();
		}
		if (!link && !move) return;
		e.preventDefault();
		const to = link ? Number(link.dataset.to) : step() + Number(move.dataset.move);
		if (to >= 1 && to <= last) show(to, true);
	});

	// Enter has nothing to send: the answer follows each key.
	form.addEventListener('keydown', (e) => {
		if (e.key === 'Enter' && e.target.matches('input.in, input[type=radio]')) e.preventDefault();
	});

	// The step is part of the address, not of the form.
	document.addEventListener('htmx:config:request', (e) => {
		const ask = e.detail?.ctx?.request;
		if (!ask || e.target !== form || step() < 2) return;
		if (ask.body instanceof FormData) ask.body.set('s', step());
	});

	document.addEventListener('htmx:finally:request', () => {
		for (const err of document.querySelectorAll('.err[id^="e-"]')) {
			const field = document.getElementById(err.id.slice(2));
			if (field?.matches('.in')) field.setAttribute('aria-invalid', String(err.textContent !== ''));
		}
	});

	document.getElementById('log')?.addEventListener('submit', (e) => {
		e.target.action = '/plan/log' + location.search;
	}, true);
})();
