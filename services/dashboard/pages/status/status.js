/* global document */
// status.<domain>: reads /v1/status and shows it, again every half minute.
(() => {
  const EVERY_MS = 30_000;
  const PATIENCE_MS = 10_000;
  const words = {
    en: {
      up: 'Works',
      degraded: 'Works with limits',
      down: 'Does not work',
      unknown: 'Not known',
      overall: { up: 'Everything works', degraded: 'Some things do not work', down: 'It does not work right now' },
      unreachable: 'The status cannot be read right now',
      checked: (time) => `As of ${time}. This page renews itself.`,
      names: {
        api: 'Dashboard and API',
        database: 'Data',
        queue: 'Background work',
        gateway: 'LLM gateway',
        billing: 'Billing',
        sites: 'Sites',
        login: 'Log-in',
      },
    },
    fr: {
      up: 'Fonctionne',
      degraded: 'Fonctionne en partie',
      down: 'Ne fonctionne pas',
      unknown: 'Inconnu',
      overall: {
        up: 'Tout fonctionne',
        degraded: 'Une partie ne fonctionne pas',
        down: 'Le service ne fonctionne pas pour le moment',
      },
      unreachable: 'L’état ne peut pas être lu pour le moment',
      checked: (time) => `État à ${time}. Cette page se met à jour toute seule.`,
      names: {
        api: 'Tableau de bord et API',
        database: 'Données',
        queue: 'Tâches de fond',
        gateway: 'Passerelle LLM',
        billing: 'Facturation',
        sites: 'Sites',
        login: 'Connexion',
      },
    },
  };
  const language = navigator.language.startsWith('fr') ? 'fr' : 'en';
  const text = words[language];
  document.documentElement.lang = language;
  const byId = (id) => document.getElementById(id);

  const setState = (element, state) => {
    element.dataset.state = Object.hasOwn(text.overall, state) ? state : 'unknown';
  };

  function row({ name, state }) {
    const item = document.createElement('li');
    setState(item, state);
    const label = document.createElement('span');
    label.className = 'name';
    label.textContent = text.names[name] ?? name;
    const word = document.createElement('span');
    word.className = 'state';
    word.textContent = text[item.dataset.state];
    item.append(label, word);
    return item;
  }

  async function show() {
    const overall = byId('overall');
    try {
      const response = await fetch('/v1/status', { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) });
      if (!response.ok) throw new Error(`${response.status}`);
      const { status, components, checkedAt } = await response.json();
      setState(overall, status);
      overall.textContent = text.overall[status] ?? text.unreachable;
      byId('components').replaceChildren(...components.map(row));
      byId('checked').textContent = text.checked(new Date(checkedAt).toLocaleTimeString(language));
    } catch {
      setState(overall, 'unknown');
      overall.textContent = text.unreachable;
      byId('components').replaceChildren();
    }
    setTimeout(show, EVERY_MS);
  }
  void show();
})();
