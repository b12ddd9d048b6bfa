import {
  Bot,
  CreditCard,
  Globe,
  KeyRound,
  LayoutDashboard,
  Package,
  ScrollText,
  Settings,
  Users,
  type LucideIcon,
} from 'lucide-react';

interface NavigationItem {
  to: '/overview' | '/sites' | '/llm' | '/plans' | '/billing' | '/members' | '/api-keys' | '/audit' | '/settings';
  label: 'overview' | 'sites' | 'llm' | 'plans' | 'billing' | 'members' | 'apiKeys' | 'audit' | 'settings';
  icon: LucideIcon;
}

interface NavigationGroup {
  label: 'build' | 'money' | 'organisation';
  items: readonly NavigationItem[];
}

export const NAVIGATION: readonly NavigationGroup[] = [
  {
    label: 'build',
    items: [
      { to: '/overview', label: 'overview', icon: LayoutDashboard },
      { to: '/sites', label: 'sites', icon: Globe },
      { to: '/llm', label: 'llm', icon: Bot },
    ],
  },
  {
    label: 'money',
    items: [
      { to: '/plans', label: 'plans', icon: Package },
      { to: '/billing', label: 'billing', icon: CreditCard },
    ],
  },
  {
    label: 'organisation',
    items: [
      { to: '/members', label: 'members', icon: Users },
      { to: '/api-keys', label: 'apiKeys', icon: KeyRound },
      { to: '/audit', label: 'audit', icon: ScrollText },
      { to: '/settings', label: 'settings', icon: Settings },
    ],
  },
];
