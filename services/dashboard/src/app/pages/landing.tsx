import { useSearch } from '@tanstack/react-router';
import { Bot, Globe, ReceiptText, ShieldCheck, type LucideIcon } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { LINES, usePlans, type Plan } from '#features/catalogue/api/plans.ts';
import { PlanGrid } from '#features/catalogue/components/plan-grid.tsx';
import { signInUrl } from '#features/identity/api/me.ts';
import { useLocale } from '#i18n/use-locale.ts';
import { Button } from '#ui/button.tsx';
import { Logo } from '#ui/logo.tsx';
import { Notice } from '#ui/notice.tsx';
import { useDocumentTitle } from '#ui/page.tsx';
import { Tabs } from '#ui/tabs.tsx';
import { TownPlan } from '#ui/town-plan.tsx';
import { LocaleSwitch } from '../layout/locale-switch.tsx';
import { SkipLink } from '../layout/skip-link.tsx';

const FEATURES: readonly { key: 'sites' | 'gateway' | 'bill' | 'own'; icon: LucideIcon }[] = [
  { key: 'sites', icon: Globe },
  { key: 'gateway', icon: Bot },
  { key: 'bill', icon: ReceiptText },
  { key: 'own', icon: ShieldCheck },
];

export function LandingPage() {
  const { t } = useTranslation();
  const { returnTo } = useSearch({ from: '/' });
  const href = signInUrl(returnTo ?? '/overview');
  useDocumentTitle('Bastide');
  return (
    <>
      <SkipLink />
      <header className="mx-auto flex max-w-6xl items-center justify-between gap-4 px-4 py-4 sm:px-8 sm:py-5">
        <Logo />
        <div className="flex items-center gap-3">
          <LocaleSwitch />
          <Button asChild variant="secondary" className="max-sm:hidden">
            <a href={href}>{t('app.landing.signIn')}</a>
          </Button>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <section className="mx-auto grid grid-cols-1 max-w-6xl items-center gap-10 px-4 pt-8 pb-16 sm:px-8 lg:grid-cols-[minmax(0,1.15fr)_minmax(0,1fr)] lg:pt-12 lg:pb-24">
          <div>
            {returnTo !== undefined && (
              <Notice className="mb-8 max-w-md" title={t('app.landing.continueTitle')}>
                {t('app.landing.continue')}
              </Notice>
            )}
            <h1 className="max-w-xl text-4xl leading-[1.08] font-semibold tracking-[-0.03em] sm:text-[3.25rem]">
              {t('app.landing.title')}
            </h1>
            <p className="mt-5 max-w-lg text-lg leading-relaxed text-pretty text-muted">{t('app.landing.lead')}</p>
            <div className="mt-8 flex flex-wrap gap-3">
              <Button asChild size="lg" className="max-sm:w-full">
                <a href={href}>{t('app.landing.signIn')}</a>
              </Button>
              <Button asChild size="lg" variant="secondary" className="max-sm:w-full">
                <a href="#plans">{t('app.landing.seePlans')}</a>
              </Button>
            </div>
            <p className="mt-4 text-[0.8125rem] text-muted">{t('app.landing.newHere')}</p>
          </div>
          <TownPlan className="mx-auto w-full max-w-md max-lg:hidden" />
        </section>
        <section aria-label={t('app.landing.featuresLabel')} className="border-y border-line bg-sidebar">
          <ul className="mx-auto grid grid-cols-1 max-w-6xl gap-x-8 gap-y-8 px-4 py-12 sm:grid-cols-2 sm:px-8 lg:grid-cols-4">
            {FEATURES.map(({ key, icon: Icon }) => (
              <li key={key}>
                <Icon aria-hidden className="size-5 text-accent" />
                <h2 className="mt-3 text-[0.9375rem] font-semibold">{t(`app.landing.features.${key}.title`)}</h2>
                <p className="mt-1 text-pretty text-muted">{t(`app.landing.features.${key}.text`)}</p>
              </li>
            ))}
          </ul>
        </section>
        <Plans signInHref={signInUrl('/plans')} />
      </main>
      <footer className="mx-auto max-w-6xl px-4 py-8 text-[0.8125rem] text-muted sm:px-8">
        {t('app.landing.footer')}
      </footer>
    </>
  );
}

function Plans({ signInHref }: { signInHref: string }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { data } = usePlans();
  const plans = data?.items ?? [];
  const lines = LINES.filter((line) => plans.some((plan) => plan.line === line));
  if (lines.length === 0) return null;
  const choose = (plan: Plan) => (
    <Button asChild variant="secondary" className="w-full">
      <a href={signInHref} aria-label={t('app.landing.chooseOne', { plan: plan.name[locale] })}>
        {t('app.landing.choose')}
      </a>
    </Button>
  );
  return (
    <section id="plans" aria-labelledby="plans-title" className="mx-auto max-w-6xl scroll-mt-6 px-4 py-14 sm:px-8">
      <h2 id="plans-title" className="mb-6 text-2xl font-semibold">
        {t('app.landing.plansTitle')}
      </h2>
      <Tabs
        label={t('catalogue.linesLabel')}
        tabs={lines.map((line) => ({
          value: line,
          label: t(`catalogue.lines.${line}`),
          content: <PlanGrid plans={plans.filter((plan) => plan.line === line)} currency={null} action={choose} />,
        }))}
      />
    </section>
  );
}
