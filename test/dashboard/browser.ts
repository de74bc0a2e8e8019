import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

/** No look-ups and no first-run pages: the browser talks to loopback only. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const TIMEOUT_MS = 30_000;

export interface Visit {
  readonly page: Page;
  /** What the browser complained of: errors of the page, refusals of its policy, requests to others. */
  readonly complaints: readonly string[];
}

/**
 * One headless Chromium with a profile of its own.
 *
 * Invariant: every visit has a fresh page, and no visit sees what another has stored.
 */
export class TestBrowser {
  readonly #context: BrowserContext;
  readonly #profile: string;

  private constructor(context: BrowserContext, profile: string) {
    this.#context = context;
    this.#profile = profile;
  }

  static async launch(): Promise<TestBrowser> {
    const profile = mkdtempSync(join(tmpdir(), 'millrace-chromium-'));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: process.env.CHROMIUM ?? 'chromium',
      headless: true,
      args: ARGUMENTS,
      timeout: 2 * TIMEOUT_MS,
    });
    context.setDefaultTimeout(TIMEOUT_MS);
    return new TestBrowser(context, profile);
  }

  /** `expected`: complaints that the visit is about. */
  async visit(url: string, width = 1280): Promise<Visit> {
    const page = await this.#context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('Failed to load resource')) {
        complaints.push(message.text());
      }
    });
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(`asked ${request.url()}`);
    });
    await page.setViewportSize({ width, height: 900 });
    await page.goto(url);
    return { page, complaints };
  }

  /** What pages have stored of their own goes with it. */
  async leave({ page }: Visit): Promise<void> {
    await page.evaluate('localStorage.clear(); sessionStorage.clear();');
    await page.close();
  }

  async close(): Promise<void> {
    await this.#context.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }
}
