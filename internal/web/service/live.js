// Keeps what is marked up to date by asking for the page again, and says that a form is on its way.
'use strict';
(() => {
	const pace = 1000; // milliseconds between two looks
	const look = async () => {
		for (const part of document.querySelectorAll('[data-live]')) {
			try {
				const answer = await fetch(part.dataset.live, { headers: { Accept: 'text/html' } });
				if (!answer.ok || answer.redirected) continue;
				const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
				const fresh = page.getElementById(part.id);
				if (!fresh) location.reload(); // the step is over
				else if (fresh.innerHTML !== part.innerHTML) part.innerHTML = fresh.innerHTML;
			} catch { /* the controller is busy or away: the next look tells */ }
		}
		setTimeout(look, pace);
	};
	if (document.querySelector('[data-live]')) setTimeout(look, pace);
	addEventListener('pageshow', (e) => { // a page that was kept has keys that are off, and a step that is over
		if (e.persisted) location.reload();
	});
	document.addEventListener('submit', (e) => {
		const text = e.target.dataset.busy;
		const key = e.submitter;
		if (!text || !key) return;
		setTimeout(() => { // after the form's values were taken
			for (const b of document.querySelectorAll('button')) b.disabled = true;
			key.textContent = text;
			key.setAttribute('aria-busy', 'true');
		});
	});
})();
