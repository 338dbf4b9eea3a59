// The icons: strokes on a grid of 16.

import { s } from './dom.js';

const PATHS = {
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14',
  errors: 'M8 2 14.5 13.5h-13ZM8 6.5v3M8 11.6v.1',
  logs: 'M2.5 3.5h11M2.5 6.5h8M2.5 9.5h11M2.5 12.5h6',
  patterns: 'M2.5 4h4M9.5 4h4M2.5 8h2M7.5 8h6M2.5 12h4M9.5 12h4',
  metrics: 'M2 13.5h12M3 10.5l3-4 3 2.5 4.5-6',
  services: 'M8 5.2A1.9 1.9 0 1 0 8 1.4a1.9 1.9 0 0 0 0 3.8ZM3.6 14a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8ZM12.4 14a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8ZM7.2 5l-2.6 5.2M8.8 5l2.6 5.2',
  pipeline: 'M1.5 8h3l1.5-4 3 8 1.5-4h4',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7',
  moon: 'M13.5 9.5A6 6 0 0 1 6.5 2.5a5.8 5.8 0 1 0 7 7Z',
  auto: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 2v12M8 5.5h4.6M8 8h6M8 10.5h5',
  help: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6.3 6.3A1.7 1.7 0 1 1 8 8.3v.8M8 11.2v.1',
  close: 'M4 4l8 8M12 4l-8 8',
  copy: 'M5.5 5.5h8v8h-8ZM3 10.5h-.5v-8h8V3',
  down: 'M4 6l4 4 4-4',
  right: 'M6 4l4 4-4 4',
  left: 'M10 4 6 8l4 4',
  link: 'M6.5 9.5l3-3M7 5l1.5-1.5a2.8 2.8 0 0 1 4 4L11 9M9 11l-1.5 1.5a2.8 2.8 0 0 1-4-4L5 7',
  mark: 'M2.5 4.5h7M4.5 8h8M3.5 11.5h5',
};

/** An icon; it says nothing to screen readers, the word beside it does. */
export const icon = (name) => s('svg.i', { viewBox: '0 0 16 16', 'aria-hidden': 'true' }, s('path', { d: PATHS[name] }));
