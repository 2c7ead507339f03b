// Keeps parcel pages and their assets, so that code and QR show without a network. Network first:
// a page that the server no longer has is forgotten here too.
'use strict';

const VERSION = '{{version}}';
const KEEP = ['{{keep}}'];
const OFFLINE = '{{offline}}';
const patience = 4000; // ms before a slow network counts as none

self.addEventListener('install', (e) => {
  e.waitUntil(caches.open(VERSION).then((c) => c.addAll(KEEP)).then(() => self.skipWaiting()));
});

self.addEventListener('activate', (e) => {
  e.waitUntil((async () => {
    const kept = await caches.open(VERSION);
    for (const name of await caches.keys()) {
      if (name === VERSION) continue;
      const old = await caches.open(name); // pages outlive a release, assets do not
      for (const request of await old.keys()) {
        if (!new URL(request.url).pathname.startsWith('/assets/')) await kept.put(request, await old.match(request));
      }
      await caches.delete(name);
    }
    await self.clients.claim();
    // The page that registered this worker was loaded before it: keep that one too.
    for (const client of await self.clients.matchAll({ type: 'window', includeUncontrolled: true })) {
      if (client.url.startsWith(self.registration.scope)) await kept.add(client.url).catch(() => {});
    }
  })());
});

const page = async (request) => {
  const kept = await caches.open(VERSION);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(patience) });
    if (answer.ok && !answer.redirected) await kept.put(request, answer.clone());
    else if (answer.status === 404 || answer.status === 410) await kept.delete(request);
    return answer;
  } catch {
    return (await kept.match(request, { ignoreVary: true })) ?? new Response(OFFLINE, { status: 503, headers: { 'Content-Type': 'text/html; charset=utf-8' } });
  }
};

self.addEventListener('fetch', (e) => {
  if (e.request.method !== 'GET') return;
  const url = new URL(e.request.url);
  if (url.origin !== self.location.origin) return;
  if (e.request.mode === 'navigate') e.respondWith(page(e.request));
  else if (url.pathname.startsWith('/assets/')) e.respondWith(caches.match(e.request).then((kept) => kept ?? fetch(e.request)));
});

// A message from the server: what it says, and the page that it leads to.
self.addEventListener('push', (e) => {
  const m = e.data?.json() ?? {};
  e.waitUntil(self.registration.showNotification(m.title ?? '', { body: m.body, lang: m.lang, dir: m.dir, tag: m.tag, data: m.url }));
});

self.addEventListener('notificationclick', (e) => {
  e.notification.close();
  if (e.notification.data) e.waitUntil(self.clients.openWindow(e.notification.data));
});
