/** Just enough of Grafana's dashboard model: rows of panels that lay themselves out on the 24 columns. */

interface Query {
  expr: string;
  /** `{{route}}`, or a plain name. */
  legend: string;
}

export interface Look {
  /** Grafana's unit: short, s, percentunit, bytes, ops, currencyUSD … */
  unit?: string;
  width?: number;
  height?: number;
  about?: string;
  decimals?: number;
  /** Colours from a value on: green below the first. */
  thresholds?: readonly (readonly [from: number, colour: 'orange' | 'red' | 'green'])[];
  min?: number;
  max?: number;
  isStacked?: boolean;
}

type Panel = Record<string, unknown> & { gridPos: { w: number; h: number; x?: number; y?: number } };

const PROMETHEUS = { type: 'prometheus', uid: 'prometheus' };
const LOKI = { type: 'loki', uid: 'loki' };
const LETTERS = 'ABCDEFGHIJ';

function targets(queries: readonly Query[], isInstant: boolean) {
  return queries.map(({ expr, legend }, index) => ({
    refId: LETTERS[index],
    datasource: PROMETHEUS,
    expr,
    legendFormat: legend,
    instant: isInstant,
    range: !isInstant,
  }));
}

function fieldConfig({ unit = 'short', decimals, thresholds, min, max }: Look, custom: object = {}) {
  // JSON has no -Infinity; Grafana writes null for “from the bottom”.
  const steps = (thresholds ?? []).map(([value, color]) => ({ value: value === -Infinity ? null : value, color }));
  const hasBase = steps[0]?.value === null;
  return {
    defaults: {
      unit,
      ...(decimals !== undefined && { decimals }),
      ...(min !== undefined && { min }),
      ...(max !== undefined && { max }),
      color: { mode: 'palette-classic' },
      thresholds: { mode: 'absolute', steps: hasBase ? steps : [{ value: null, color: 'green' }, ...steps] },
      custom,
    },
    overrides: [],
  };
}

const base = (title: string, look: Look, width: number, height: number) => ({
  title,
  ...(look.about !== undefined && { description: look.about }),
  gridPos: { w: look.width ?? width, h: look.height ?? height },
});

/** Lines over time. */
export function chart(title: string, queries: readonly Query[], look: Look = {}): Panel {
  return {
    ...base(title, look, 12, 8),
    type: 'timeseries',
    datasource: PROMETHEUS,
    targets: targets(queries, false),
    fieldConfig: fieldConfig(look, {
      lineWidth: 1,
      fillOpacity: look.isStacked ? 40 : 8,
      showPoints: 'never',
      spanNulls: 120_000,
      stacking: { mode: look.isStacked ? 'normal' : 'none' },
      thresholdsStyle: { mode: look.thresholds ? 'dashed' : 'off' },
    }),
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: queries.length > 1 || queries.some(isMany) },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  };
}

const isMany = ({ legend }: Query): boolean => legend.includes('{{');

/** The number of now. */
export function stat(title: string, expr: string, look: Look = {}): Panel {
  return {
    ...base(title, look, 4, 4),
    type: 'stat',
    datasource: PROMETHEUS,
    targets: targets([{ expr, legend: '' }], true),
    fieldConfig: {
      ...fieldConfig(look),
      defaults: { ...fieldConfig(look).defaults, color: { mode: 'thresholds' }, noValue: '–' },
    },
    options: {
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      colorMode: look.thresholds ? 'background' : 'value',
      graphMode: 'none',
      justifyMode: 'center',
      textMode: 'value',
    },
  };
}

/** One row per series, the value last. */
export function table(title: string, expr: string, columns: Record<string, string>, look: Look = {}): Panel {
  return {
    ...base(title, look, 12, 8),
    type: 'table',
    datasource: PROMETHEUS,
    targets: targets([{ expr, legend: '' }], true).map((target) => ({ ...target, format: 'table' })),
    transformations: [
      { id: 'filterFieldsByName', options: { include: { names: Object.keys(columns) } } },
      { id: 'organize', options: { renameByName: columns, indexByName: order(Object.keys(columns)) } },
      { id: 'sortBy', options: { sort: [{ field: columns['Value'] ?? 'Value', desc: true }] } },
    ],
    fieldConfig: fieldConfig(look),
    options: { showHeader: true, cellHeight: 'sm' },
  };
}

const order = (names: readonly string[]) => Object.fromEntries(names.map((name, index) => [name, index]));

export function logs(title: string, expr: string, look: Look = {}): Panel {
  return {
    ...base(title, look, 24, 18),
    type: 'logs',
    datasource: LOKI,
    targets: [{ refId: 'A', datasource: LOKI, expr, queryType: 'range', maxLines: 500 }],
    options: {
      showTime: true,
      wrapLogMessage: true,
      enableLogDetails: true,
      sortOrder: 'Descending',
      dedupStrategy: 'none',
    },
  };
}

export function logChart(title: string, expr: string, legend: string, look: Look = {}): Panel {
  const panel = chart(title, [], { ...look, isStacked: true });
  return {
    ...panel,
    datasource: LOKI,
    targets: [{ refId: 'A', datasource: LOKI, expr, legendFormat: legend, queryType: 'range' }],
    options: {
      ...(panel['options'] as object),
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
    },
  };
}

export function text(title: string, markdown: string, look: Look = {}): Panel {
  return { ...base(title, look, 24, 4), type: 'text', options: { mode: 'markdown', content: markdown } };
}

/** What fires now, worst first. */
export function alertList(title: string, look: Look = {}): Panel {
  return table(
    title,
    'sort_desc(max by (alertname, severity, area, instance) (ALERTS{alertstate="firing",severity!="none"}))',
    { severity: 'Severity', alertname: 'Alert', area: 'Area', instance: 'Where' },
    look,
  );
}

export type Section = readonly [title: string, panels: readonly Panel[]];

interface Dashboard {
  uid: string;
  title: string;
  about: string;
  sections: readonly Section[];
  /** Time range that it opens with. */
  from?: string;
  variables?: readonly object[];
}

/** The JSON that Grafana provisions. */
export function dashboard({ uid, title, about, sections, from = 'now-6h', variables = [] }: Dashboard) {
  return {
    uid: `bastide-${uid}`,
    title,
    description: about,
    tags: ['bastide'],
    timezone: 'browser',
    schemaVersion: 39,
    editable: false,
    graphTooltip: 1,
    refresh: '1m',
    time: { from, to: 'now' },
    links: [
      { type: 'link', title: 'Runbook', url: '/d/bastide-runbook', icon: 'doc', targetBlank: false },
      { type: 'dashboards', title: 'All dashboards', tags: ['bastide'], asDropdown: true, keepTime: true },
    ],
    templating: { list: variables },
    annotations: {
      list: [
        {
          name: 'Critical alerts',
          datasource: PROMETHEUS,
          enable: true,
          iconColor: 'red',
          expr: 'max by (alertname) (ALERTS{alertstate="firing",severity="critical"})',
          titleFormat: '{{alertname}}',
          step: '60s',
        },
      ],
    },
    panels: layOut(sections),
  };
}

const COLUMNS = 24;

function layOut(sections: readonly Section[]) {
  const placed: object[] = [];
  let y = 0;
  for (const [title, panels] of sections) {
    placed.push({
      id: placed.length + 1,
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
    });
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of panels) {
      const { w, h } = panel.gridPos;
      if (x + w > COLUMNS) {
        y += height;
        [x, height] = [0, 0];
      }
      placed.push({ id: placed.length + 1, ...panel, gridPos: { x, y, w, h } });
      x += w;
      height = Math.max(height, h);
    }
    y += height;
  }
  return placed;
}
