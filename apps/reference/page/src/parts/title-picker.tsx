import { useQuery } from '@tanstack/react-query';
import { useCombobox } from 'downshift';
import { useDeferredValue, useState } from 'react';
import { searchTitles } from '../api/calls.js';
import { Attributes } from './attributes.js';

/** Item that was picked. */
export interface Picked {
  readonly id: string;
  readonly title: string;
}

/** A field that finds items by their titles while one types, by keyboard and by pointer. */
export function TitlePicker(props: {
  readonly label: string;
  readonly placeholder?: string;
  /** Ids that are not offered. */
  readonly without?: readonly string[];
  readonly onPick: (item: Picked) => void;
}) {
  const { label, placeholder, without = [], onPick } = props;
  const [words, setWords] = useState('');
  const asked = useDeferredValue(words.trim());
  const found = useQuery({
    queryKey: ['search', asked],
    queryFn: ({ signal }) => searchTitles(asked, 8 + without.length, signal),
    enabled: asked !== '',
    placeholderData: (before) => before,
  });
  const items =
    asked === '' ? [] : (found.data?.items ?? []).filter(({ id }) => !without.includes(id)).slice(0, 8);
  const box = useCombobox({
    items,
    inputValue: words,
    itemToString: (item) => item?.title ?? '',
    itemToKey: (item) => item?.id,
    selectedItem: null,
    defaultHighlightedIndex: 0,
    onInputValueChange: ({ inputValue }) => setWords(inputValue),
    onSelectedItemChange: ({ selectedItem }) => {
      if (!selectedItem) return;
      setWords('');
      onPick({ id: selectedItem.id, title: selectedItem.title });
    },
  });
  const name = box.getLabelProps();
  return (
    <div className="field">
      <label className="label" id={name.id} htmlFor={name.htmlFor}>
        {label}
      </label>
      <div className="picker">
        <input
          className="input"
          placeholder={placeholder}
          {...box.getInputProps({ type: 'search', maxLength: 200 })}
        />
        <div className="picker-list" {...box.getMenuProps()} hidden={!box.isOpen || asked === ''}>
          {box.isOpen
            ? items.map((item, index) => (
                <div key={item.id} {...box.getItemProps({ item, index })}>
                  <span>{item.title}</span>
                  <Attributes of={item.attributes} most={1} />
                </div>
              ))
            : null}
          {box.isOpen && items.length === 0 ? (
            <p className="muted small">
              {found.isFetching ? 'Looking …' : found.isError ? 'The search failed.' : 'No title found.'}
            </p>
          ) : null}
        </div>
      </div>
    </div>
  );
}
