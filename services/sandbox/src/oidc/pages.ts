import { DEMO_PASSWORD, MIN_PASSWORD_LENGTH, type Account } from './accounts.ts';

export type Language = 'en' | 'fr';
export type LoginProblem = 'email' | 'short_password' | 'wrong_password';

const TEXTS = {
  en: {
    title: 'Sign in',
    lead: 'to continue to Bastide',
    email: 'Email',
    password: 'Password',
    submit: 'Sign in',
    cancel: 'Cancel',
    hint: 'A new address with any password of 8 characters or more creates an account.',
    demo: 'Demo accounts',
    demoHint: 'The password of each is',
    note: 'This is the sandbox’s stand-in for Keycloak. It keeps nothing when it stops.',
    email_problem: 'That is not an email address.',
    short_password: `Choose a password of at least ${MIN_PASSWORD_LENGTH} characters.`,
    wrong_password: 'Wrong password for this address.',
  },
  fr: {
    title: 'Connexion',
    lead: 'pour continuer vers Bastide',
    email: 'Adresse e-mail',
    password: 'Mot de passe',
    submit: 'Se connecter',
    cancel: 'Annuler',
    hint: 'Une nouvelle adresse avec un mot de passe d’au moins 8 caractères crée un compte.',
    demo: 'Comptes de démonstration',
    demoHint: 'Leur mot de passe est',
    note: 'Ceci remplace Keycloak dans le bac à sable. Rien n’est conservé à l’arrêt.',
    email_problem: 'Ceci n’est pas une adresse e-mail.',
    short_password: `Choisissez un mot de passe d’au moins ${MIN_PASSWORD_LENGTH} caractères.`,
    wrong_password: 'Mot de passe incorrect pour cette adresse.',
  },
} as const;

interface LoginPage {
  language: Language;
  email: string;
  problem?: LoginProblem;
  accounts: readonly Account[];
}

export function loginPage({ language, email, problem, accounts }: LoginPage): string {
  const text = TEXTS[language];
  const message = problem && (problem === 'email' ? text.email_problem : text[problem]);
  return page(
    text.title,
    `<h1>${text.title}</h1>
<p class="lead">${text.lead}</p>
${message ? `<p class="problem" role="alert">${message}</p>` : ''}
<form method="post">
  <label for="email">${text.email}</label>
  <input id="email" name="email" type="email" autocomplete="username" required${problem === 'wrong_password' ? '' : ' autofocus'} value="${escape(email)}">
  <label for="password">${text.password}</label>
  <input id="password" name="password" type="password" autocomplete="current-password" required${problem === 'wrong_password' ? ' autofocus' : ''}>
  <p class="hint">${text.hint}</p>
  <button type="submit" class="primary">${text.submit}</button>
  <button type="submit" class="quiet" name="cancel" value="yes" formnovalidate>${text.cancel}</button>
</form>
<section>
  <h2>${text.demo}</h2>
  <p class="hint">${text.demoHint} <code>${DEMO_PASSWORD}</code></p>
  <ul>${accounts.map(demoAccount).join('')}</ul>
</section>
<p class="note">${text.note}</p>
<script>
  for (const button of document.querySelectorAll('[data-email]')) {
    button.addEventListener('click', () => {
      document.getElementById('email').value = button.dataset.email;
      document.getElementById('password').value = '${DEMO_PASSWORD}';
      document.querySelector('button.primary').focus();
    });
  }
</script>`,
    language,
  );
}

function demoAccount(account: Account): string {
  const role = account.roles.includes('admin') ? ' (admin)' : '';
  return `<li><button type="button" data-email="${escape(account.email)}"><b>${escape(account.name)}${role}</b><span>${escape(account.email)}</span></button></li>`;
}

/** Asked only without an id_token_hint: with one, Keycloak signs out at once, and so do we. */
export function logoutPage(form: string): string {
  return page(
    'Sign out',
    `<h1>Sign out?</h1>
<p class="lead">This ends your session with every application.</p>
${form}
<button class="primary" type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button>
<button class="quiet" type="submit" form="op.logoutForm">Stay signed in</button>`,
  );
}

export function signedOutPage(): string {
  return page('Signed out', '<h1>You are signed out</h1><p class="lead">You can close this page.</p>');
}

export function errorPage(code: string, description: string): string {
  return page(
    'Sign-in failed',
    `<h1>That did not work</h1><p class="problem" role="alert">${escape(description || code)}</p>
<p class="hint">Go back to the application and start again. Error code: <code>${escape(code)}</code></p>`,
  );
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
:root { color-scheme: light dark; --page:#f3f4f6; --card:#fff; --text:#16181d; --soft:#5b6270; --line:#d8dce3; --accent:#1f5fd1; --on-accent:#fff; --bad:#a5182a; --bad-page:#fdecee; }
@media (prefers-color-scheme: dark) { :root { --page:#111318; --card:#1a1d24; --text:#eceef2; --soft:#9aa2b1; --line:#323743; --accent:#7fa8ff; --on-accent:#0d1422; --bad:#ff9aa5; --bad-page:#3a1a20; } }
* { box-sizing: border-box; }
body { margin:0; min-height:100vh; display:grid; place-items:center; padding:24px 16px; background:var(--page); color:var(--text); font:15px/1.5 system-ui, sans-serif; }
main { width:100%; max-width:420px; background:var(--card); border:1px solid var(--line); border-radius:12px; padding:28px 32px; }
.brand { font-weight:700; letter-spacing:-.01em; display:flex; gap:8px; align-items:center; margin-bottom:24px; }
.brand svg { width:22px; height:22px; fill:var(--accent); }
h1 { font-size:24px; line-height:1.2; margin:0; } h2 { font-size:13px; margin:0; } h1 + .problem { margin-top:16px; }
.lead { color:var(--soft); margin:4px 0 20px; }
label { display:block; font-weight:600; font-size:13px; margin:14px 0 4px; }
input { width:100%; padding:10px 12px; border:1px solid var(--line); border-radius:8px; background:var(--page); color:inherit; font:inherit; }
input:focus-visible, button:focus-visible { outline:2px solid var(--accent); outline-offset:2px; }
.hint { color:var(--soft); font-size:13px; margin:8px 0 0; }
button { font:inherit; cursor:pointer; border-radius:8px; border:0; }
.primary { width:100%; margin-top:18px; padding:11px; background:var(--accent); color:var(--on-accent); font-weight:600; }
.quiet { width:100%; margin-top:8px; padding:9px; background:none; color:var(--soft); }
.problem { background:var(--bad-page); color:var(--bad); border-radius:8px; padding:10px 12px; margin:0 0 4px; }
section { border-top:1px solid var(--line); margin-top:20px; padding-top:18px; }
ul { list-style:none; padding:0; margin:10px 0 0; display:grid; gap:6px; grid-template-columns:1fr 1fr; }
li button { width:100%; height:100%; text-align:left; padding:8px 10px; overflow-wrap:anywhere; background:var(--page); color:inherit; border:1px solid var(--line); }
li b { display:block; font-size:13.5px; line-height:1.3; } li span { color:var(--soft); font-size:12px; }
code { font:13px ui-monospace, monospace; background:var(--page); border-radius:4px; padding:1px 5px; }
.note { color:var(--soft); font-size:12px; margin:20px 0 0; }
`;

function page(title: string, body: string, language: Language = 'en'): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Bastide</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<div class="brand"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M2 22V8h4v3h4V8h4v3h4V8h4v14h-8v-5a2 2 0 0 0-4 0v5z"/></svg>Bastide</div>
${body}
</main>
</body>
</html>
`;
}
