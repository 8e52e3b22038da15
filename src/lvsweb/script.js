// Keeps the page up to date: the server sends elements that changed (feed.h), and the
// times are counted on here. Without this script the page says the same, when it is loaded.
"use strict";

(() => {
	const RETRY_MS = 5000, SILENCE_MS = 30000, TYPED_MS = 250;
	const live = document.getElementById("live");
	let feed = null, ticked = 0, gone = false;

	// ---- time ----

	const two = (n) => String(n).padStart(2, "0");

	function duration(s) {
		if (s < 60)
			return `${s} s`;
		if (s < 3600)
			return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
		if (s < 86400)
			return `${Math.floor(s / 3600)} h ${two(Math.floor(s / 60) % 60)} min`;
		if (s < 100 * 86400)
			return `${Math.floor(s / 86400)} d ${two(Math.floor(s / 3600) % 24)} h`;
		return `${Math.floor(s / 86400)} d`;
	}

	// How far this clock is from the server's: its page told a time and a duration.
	function offset() {
		const main = document.getElementById("main");
		return Date.now() - Number(main.dataset.now) * 1000;
	}
	const behind = offset();

	function countTimes(where) {
		const now = Date.now() - behind;
		for (const time of where.querySelectorAll("time")) {
			const s = Math.max(0, Math.floor((now - Date.parse(time.dateTime)) / 1000));
			const text = duration(s);
			if (time.textContent !== text)
				time.textContent = text;
		}
	}

	// ---- what changed ----

	function element(html) {
		const template = document.createElement("template");
		template.innerHTML = html;
		return template.content.firstElementChild;
	}

	function put(html) {
		const next = element(html);
		const old = next && document.getElementById(next.id);
		if (!old)
			return;
		if (next.tagName === "TR" && next.className !== old.className)
			next.classList.add("new");
		const focused = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
		countTimes(next);
		old.replaceWith(next);
		if (focused) {
			const again = next.querySelector(`a[href="${CSS.escape(focused)}"]`);
			if (again)
				again.focus();
		}
	}

	async function load() {
		const response = await fetch(location.href, { headers: { Accept: "text/html" } });
		if (!response.ok)
			throw new Error(response.statusText);
		const page = new DOMParser().parseFromString(await response.text(), "text/html");
		const main = page.getElementById("main");
		document.getElementById("main").replaceWith(document.adoptNode(main));
		document.title = page.title;
		countTimes(document);
		return main.dataset.number;
	}

	// ---- the feed ----

	function show() {
		const isLive = Date.now() - ticked < SILENCE_MS;
		live.className = isLive && !gone ? "on" : "off";
		live.textContent = isLive ? (gone ? "no answer" : "live") : "not live";
	}

	function follow(number) {
		if (feed)
			feed.close();
		const query = new URLSearchParams(location.search);
		query.set("number", number);
		feed = new EventSource(`/events?${query}`);
		feed.addEventListener("put", (event) => put(event.data));
		feed.addEventListener("layout", () => load().catch(() => setTimeout(again, RETRY_MS)));
		feed.addEventListener("tick", (event) => {
			ticked = Date.now();
			gone = event.data.endsWith("gone");
			show();
		});
		feed.onerror = () => {
			// A browser tries again by itself, unless it was refused.
			if (feed.readyState === EventSource.CLOSED)
				setTimeout(again, RETRY_MS);
		};
	}

	function again() {
		load().then(follow).catch(() => setTimeout(again, RETRY_MS));
	}

	// ---- search, as it is typed ----

	const search = document.getElementById("q");
	let typed = 0;
	search.addEventListener("input", () => {
		clearTimeout(typed);
		typed = setTimeout(() => {
			const query = new URLSearchParams(location.search);
			query.delete("page");
			query.set("q", search.value);
			if (!search.value)
				query.delete("q");
			history.replaceState(null, "", query.size ? `/?${query}` : "/");
			again();
		}, TYPED_MS);
	});
	document.addEventListener("keydown", (event) => {
		if (event.key === "/" && document.activeElement !== search && !event.ctrlKey && !event.metaKey) {
			event.preventDefault();
			search.focus();
			search.select();
		}
	});

	setInterval(() => { countTimes(document); show(); }, 1000);
	follow(document.getElementById("main").dataset.number);
})();
