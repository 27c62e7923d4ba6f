import { InvalidInputError, RandomStream } from '@palate/core';
import type { Material } from '../tasks/material.js';
import type { Slots } from '../tasks/slots.js';
import type { P5Task, P5Unit } from '../tasks/task.js';
import { type P5Template, slotsOf } from '../templates/template.js';
import { canFill } from './fill-template.js';

/** A row of training before it is cut into tokens. */
export interface P5Example {
  readonly template: P5Template;
  readonly slots: Slots;
  readonly target: string;
}

/** Source that the rows of an epoch are drawn from. */
export interface EpochSource {
  readonly material: Material;
  /** Tasks by name. */
  readonly tasks: Readonly<Record<string, P5Task>>;
  /** Templates that are trained on. */
  readonly templates: readonly P5Template[];
  /** Draws of each unit by the name of the task; the task's own where there is none. A part of one draws from a share of the units. */
  readonly draws: Readonly<Record<string, number>>;
}

/** How many units of a kind there are. */
export function unitsOf(material: Material, unit: P5Unit): number {
  switch (unit) {
    case 'interaction':
      return material.log.length;
    case 'user':
      return material.log.users.size;
    case 'explanation':
      return material.explanations.length;
    case 'review':
      return material.reviews.length;
  }
}

/**
 * Refuses templates that no task can fill.
 *
 * @throws InvalidInputError naming the template, for an unknown task or slot, or a number that is there twice
 */
export function checkTemplates(
  templates: readonly P5Template[],
  tasks: Readonly<Record<string, P5Task>>,
): void {
  const ids = new Set<string>();
  const refuse = (id: string, expected: string, received: string): never => {
    throw new InvalidInputError({
      expected: `${expected} in template ${id}`,
      received,
      hint: 'Correct the template, or leave it out.',
    });
  };
  for (const { id, task: name, source, target } of templates) {
    const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
    if (!task) refuse(id, `one of the tasks ${Object.keys(tasks).join(', ')}`, name);
    const known = task?.slots ?? [];
    for (const slot of [...slotsOf(source), target])
      if (!known.includes(slot)) refuse(id, `one of the slots ${known.join(', ')}`, slot);
    if (ids.has(id)) refuse(id, 'a number of its own', 'one that another has');
    ids.add(id);
  }
}

/**
 * The rows of an epoch, in random order: of each task its draws of every unit, each by a template that is drawn among those
 * whose slots are filled.
 */
export function epochExamples(source: EpochSource, epoch: number, seed: number): P5Example[] {
  const { material, tasks, templates, draws } = source;
  const examples: P5Example[] = [];
  const stream = new RandomStream(seed).fork(`p5 epoch ${epoch}`);
  for (const [name, task] of Object.entries(tasks)) {
    const own = templates.filter((template) => template.task === name);
    const wanted = draws[name] ?? task.draws;
    if (own.length === 0 || wanted === 0) continue;
    const random = stream.fork(name);
    for (let unit = 0; unit < unitsOf(material, task.unit); unit++) {
      const whole = Math.floor(wanted);
      const times = whole + (random.uniform() < wanted - whole ? 1 : 0);
      for (let draw = 0; draw < times; draw++) {
        const drawn = task.make(material, unit, random);
        const [first] = drawn;
        if (!first) break;
        const usable = own.filter((template) => canFill(template, first, true));
        if (usable.length === 0) break;
        const template = usable[random.integer(usable.length)] as P5Template;
        for (const slots of drawn)
          examples.push({ template, slots, target: slots[template.target] as string });
      }
    }
  }
  return stream.shuffle(examples);
}
