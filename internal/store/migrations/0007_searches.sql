-- Searches by routing profile and by proficiency enter by an index, as all others do
-- that say exactly whom they look for. Groups and levels tell when they were changed.

CREATE INDEX users_by_routing ON users (instance_id, routing_profile_id, username);
CREATE INDEX proficiencies_by_attribute ON proficiencies (instance_id, attribute_name, attribute_value, user_id);

ALTER TABLE hierarchy_groups ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
UPDATE hierarchy_groups SET updated_at = created_at;

ALTER TABLE hierarchy_levels ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
UPDATE hierarchy_levels SET updated_at = (SELECT i.created_at FROM instances i WHERE i.id = hierarchy_levels.instance_id);

-- Programs compare an alias with what they wrote, capital letters and all.
ALTER TABLE instances ADD COLUMN typed_alias TEXT NOT NULL DEFAULT '';
