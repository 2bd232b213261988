"""How the page looks: on screens light or dark as the reader has it, on paper always light."""

STYLE = """
:root { color-scheme: light dark; --ink: #1d2126; --faint: #5b636d; --paper: #fff; --line: #d5d9de;
  --soft: #f3f4f6; --bar: #3f72af; --good: #2f7d5b; --wait: #c27c1a; --rest: #9aa1aa; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e6ea; --faint: #a0a7b1; --paper: #16181b;
  --line: #363b42; --soft: #202328; --bar: #6f9fd8; --good: #55a987; --wait: #dba04a;
  --rest: #6b727b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 32px 24px 64px; max-width: 920px; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 44px 0 12px; padding-bottom: 5px;
  border-bottom: 1px solid var(--line); }
h3 { font-size: 15px; margin: 24px 0 8px; }
p { margin: 0 0 12px; max-width: 70ch; }
a { color: inherit; }
.sub, .note, figcaption span, caption { color: var(--faint); }
.notice { border-left: 4px solid var(--wait); background: var(--soft); padding: 8px 14px;
  margin: 16px 0 24px; max-width: none; }
nav ul, .legend { list-style: none; margin: 8px 0; padding: 0; display: flex; flex-wrap: wrap;
  gap: 4px 18px; }
dl.facts { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1px; margin: 0 0 16px;
  background: var(--line); border: 1px solid var(--line); }
dl.facts div { background: var(--paper); padding: 10px 14px; display: flex;
  flex-direction: column-reverse; }
dl.facts dt { color: var(--faint); font-size: 13px; }
dl.facts dd { margin: 0; font-size: 24px; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; margin: 0 0 18px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 0 0 6px; }
th, td { text-align: left; vertical-align: top; padding: 5px 14px 5px 0; font-weight: normal;
  border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
thead th { color: var(--faint); font-size: 13px; overflow-wrap: normal; vertical-align: bottom; }
tr > :last-child { padding-right: 0; }
.n { text-align: right; white-space: nowrap; width: 7em; }
code { overflow-wrap: anywhere;
  font: 12px/1.5 ui-monospace, Consolas, "DejaVu Sans Mono", monospace; }
svg.chart { display: block; width: 100%; max-width: 680px; margin: 8px 0 18px; }
svg.shares { display: block; width: 100%; height: 18px; margin-top: 8px; }
svg.small { width: 96px; height: 21px; vertical-align: middle; }
svg text { fill: var(--faint); font-size: 12px; }
.axis { stroke: var(--faint); fill: none; }
.bar, .c1 { fill: var(--bar); background: var(--bar); }
.c2 { fill: var(--good); background: var(--good); }
.c3 { fill: var(--wait); background: var(--wait); }
.c4 { fill: var(--rest); background: var(--rest); }
.key { display: inline-block; width: 11px; height: 11px; margin-right: 6px; }
.sheet { display: grid; grid-template-columns: repeat(4, 1fr); gap: 16px 12px; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figure svg, .absent { display: block; width: 100%; aspect-ratio: 1; }
.absent { background: var(--soft); color: var(--faint); display: flex; align-items: center;
  justify-content: center; text-align: center; padding: 16px; font-size: 13px; }
figcaption { font-size: 12.5px; line-height: 1.4; padding-top: 5px; overflow-wrap: anywhere; }
figcaption b { display: block; font-weight: 600; }
figcaption span { display: block; }
.mark path, .mark circle { fill: none; stroke-linecap: round; }
.rim { stroke: #000; stroke-opacity: .65; stroke-width: 5; }
.ink { stroke: var(--c); stroke-width: 2.2; }
.mark text { fill: var(--c); font-size: 17px; font-weight: 600; paint-order: stroke;
  stroke: #000; stroke-width: 3px; stroke-opacity: .7; }
footer { margin-top: 48px; border-top: 1px solid var(--line); padding-top: 12px; }
@media (max-width: 640px) { .sheet, dl.facts { grid-template-columns: repeat(2, 1fr); } }
@page { size: A4; margin: 15mm 14mm; }
@media print { :root { color-scheme: light; --ink: #000; --faint: #444; --paper: #fff;
    --line: #bbb; --soft: #f3f4f6; --bar: #3f72af; --good: #2f7d5b; --wait: #c27c1a;
    --rest: #9aa1aa; }
  body { padding: 0; max-width: none; font-size: 10pt; }
  nav { display: none; } h2, h3, h3 + p { break-after: avoid; } h2 { margin-top: 22pt; }
  tbody tr:first-child { break-before: avoid; } .wide { overflow: visible; }
  th, td { overflow-wrap: anywhere; } .n, td:empty { overflow-wrap: normal; }
  tr, svg.chart, dl.facts, .notice { break-inside: avoid; } thead { display: table-header-group; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
