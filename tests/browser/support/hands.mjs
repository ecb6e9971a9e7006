// How a person works a page: with a mouse, with a finger, or with nothing but keys. What has the focus must show it.

import assert from 'node:assert/strict';

import { until } from '../../system/support/world.mjs';

const TABS_MAX = 150;

/** Tab until `target` has the focus, as somebody who sees where the focus is. */
export async function tabTo(page, target) {
  await target.waitFor();
  for (let i = 0; i < TABS_MAX; i++) {
    if (await target.evaluate((each) => each === document.activeElement)) return until(`${target} to show that it has the focus`, () => showsFocus(target));
    await page.keyboard.press('Tab');
  }
  return assert.fail(`the keyboard does not reach ${target}`);
}

/** Tab until the control with this name has the focus. */
export async function tabToName(page, name) {
  for (let i = 0; i < TABS_MAX; i++) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate((wanted) => {
      const at = document.activeElement;
      const label = at.getAttribute('aria-label') ?? (at.id && document.querySelector(`label[for="${at.id}"]`)?.textContent) ?? at.textContent;
      return (label || at.textContent).trim() === wanted;
    }, name);
    if (found) return;
  }
  assert.fail(`the keyboard does not reach ${name}`);
}

// By an outline, its own or its label's (WCAG 2.4.7); in view, and its middle not under something else (2.4.11).
const showsFocus = (target) =>
  target.evaluate((each) => {
    const ones = [each, ...(each.labels ?? [])];
    const hasOutline = ones.some((one) => getComputedStyle(one).outlineStyle !== 'none' && parseFloat(getComputedStyle(one).outlineWidth) > 0);
    const { left, top, right, bottom } = each.getBoundingClientRect();
    const middle = (from, to, end) => (Math.max(from, 0) + Math.min(to, end)) / 2;
    const isInView = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
    const there = isInView && document.elementFromPoint(middle(left, right, innerWidth), middle(top, bottom, innerHeight));
    return hasOutline && Boolean(there) && ones.some((one) => one.contains(there) || there.contains(one));
  });

const pointing = (touch) => ({
  press: (page, target) => touch(target),
  async fill(page, target, text) {
    await touch(target);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type(text);
  },
  pick: (page, target) => touch(target),
  select: (page, target, label) => target.selectOption({ label }), // the list that opens is the system's own
  choose: (page, input, label) => touch(label),
});

const HANDS = {
  mouse: pointing((target) => target.click()),
  finger: pointing((target) => target.tap()),
  keyboard: {
    async press(page, target) {
      await tabTo(page, target);
      await page.keyboard.press('Enter');
    },
    async fill(page, target, text) {
      await tabTo(page, target);
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type(text);
    },
    // Of radio buttons Tab leads to the chosen one, and the arrows choose another.
    async pick(page, target) {
      const isRadio = (await target.getAttribute('type')) === 'radio';
      if (!isRadio) {
        await tabTo(page, target);
        return page.keyboard.press('Space');
      }
      const name = await target.getAttribute('name');
      const all = page.locator(`input[type=radio][name="${name}"]`);
      const chosen = page.locator(`input[type=radio][name="${name}"]:checked`);
      await tabTo(page, (await chosen.count()) ? chosen : all.first());
      if (!(await chosen.count())) await page.keyboard.press('Space');
      for (let i = await all.count(); i > 0 && !(await target.isChecked()); i--) await page.keyboard.press('ArrowDown');
    },
    async select(page, target, label) {
      await tabTo(page, target);
      await page.keyboard.type(label);
    },
    async choose(page, input) {
      await tabTo(page, input);
      await page.keyboard.press('Enter');
    },
  },
};

/** The hands of a person at a page. `hand`: 'mouse', 'finger' (the context has touch) or 'keyboard'. */
export class Hands {
  constructor(page, hand) {
    this.page = page;
    this.how = HANDS[hand];
  }

  /** A button or a link. `within`: a part of the page, where there are more of that name. */
  button(name, within = this.page) {
    return this.how.press(this.page, within.getByRole('button', { name, exact: true }));
  }

  link(name, within = this.page) {
    return this.how.press(this.page, within.getByRole('link', { name, exact: true }));
  }

  /** What was in the field goes. */
  fill(label, text, within = this.page) {
    return this.how.fill(this.page, within.getByLabel(label, { exact: true }), text);
  }

  async pick(role, name, within = this.page) {
    const target = within.getByRole(role, { name, exact: true });
    const before = await target.isChecked();
    await this.how.pick(this.page, target);
    const wanted = role === 'radio' ? true : !before;
    await until(`${name} to be ${wanted ? 'chosen' : 'left'}`, async () => (await target.isChecked()) === wanted); // a tap acts after it is over
  }

  async select(field, label, within = this.page) {
    const target = within.getByLabel(field, { exact: true });
    await this.how.select(this.page, target, label);
    assert.equal(await target.evaluate((each) => each.selectedOptions[0].label), label);
  }

  /** Files, through the dialog that the browser opens for them. */
  async choose(label, files) {
    const [chooser] = await Promise.all([
      this.page.waitForEvent('filechooser'),
      this.how.choose(this.page, this.page.getByLabel(label, { exact: true }), this.page.getByText(label, { exact: true })),
    ]);
    await chooser.setFiles(files);
  }

  /** What comes down when `press` is done. */
  async saved(press) {
    const [download] = await Promise.all([this.page.waitForEvent('download'), press()]);
    return download;
  }
}
