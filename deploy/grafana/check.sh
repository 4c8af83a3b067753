#!/usr/bin/env bash
# Holds the dashboard against the types that Grafana itself publishes for its dashboards (npm, @grafana/schema): every field
# of the dashboard, its variables and its panels' options is known and of the right type, and none that must be there is
# missing. Needs node and npm; installs into a temporary folder.
set -euo pipefail
dashboard="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/${1:-liaise.json}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --no-save typescript@5.9.3 @grafana/schema@13.2.3

cat > check.ts <<'TS'
import type { Dashboard, DataQuery, DataSourceRef, Panel, RowPanel, VariableModel } from '@grafana/schema';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as SeriesOptions, FieldConfig as SeriesField } from
  '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

// JSON has the values of enums, not their names.
type Json<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T
  : T extends (infer U)[] ? Json<U>[] : T extends object ? { [K in keyof T]: Json<T[K]> } : T;
type Of<Type extends string, Options, Field> = Json<Omit<Panel, 'type' | 'options' | 'targets' | 'fieldConfig'>> & {
  type: Type; options: Json<Options>; targets: QUERY[];
  fieldConfig: Json<Omit<NonNullable<Panel<Options, Field>['fieldConfig']>, 'defaults'>> & {
    defaults: Json<Omit<NonNullable<Panel['fieldConfig']>['defaults'], 'custom'>> & { custom?: Json<Partial<Field>> } };
};
type Panels = Of<'stat', StatOptions, {}> | Of<'timeseries', SeriesOptions, SeriesField> | Json<RowPanel>;
type Whole = Json<Omit<Dashboard, 'panels' | 'templating'>> & { panels: Panels[]; templating: { list: VARIABLE[] } };
// Of the data source's plugin, which has its types with it.
type QUERY = Json<Omit<DataQuery, 'datasource'>> & { datasource: DataSourceRef; expr: string; legendFormat?: string;
  editorMode?: 'code' | 'builder'; range?: boolean; instant?: boolean };
type VARIABLE = Json<VariableModel> & { definition?: string };

const dashboard: Whole =
TS
cat "$dashboard" >> check.ts
printf ';\nexport default dashboard;\n' >> check.ts
node_modules/.bin/tsc --noEmit --strict --skipLibCheck --moduleResolution bundler --module esnext --target es2022 check.ts
echo "$(basename "$dashboard"): every field is one of @grafana/schema 13.2.3"
