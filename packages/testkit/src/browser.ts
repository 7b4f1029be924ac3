import type { Browser } from 'playwright-core';
import { guard } from './orphan-guard.ts';
import { requireProgram } from './repository.ts';
import type { Scope } from './scope.ts';

export type { Browser, Page } from 'playwright-core';

// The first two are for running as root in a container; the rest keep the browser from calling home.
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Starts the machine's own Chromium without a window. It ends with `scope`, and with this process: it is steered through a
 * pipe, and a Chromium whose pipe closes quits.
 */
export async function openBrowser(scope: Scope): Promise<Browser> {
  const executablePath = requireProgram('chromium', 'chromium-browser', 'google-chrome');
  // Loaded here, since most tests need no browser and loading takes a while.
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({ executablePath, headless: true, args: flags });
  scope.onClose(guard());
  scope.onClose(() => browser.close());
  return browser;
}
