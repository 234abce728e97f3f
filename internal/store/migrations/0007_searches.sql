-- Searches by routing profile and by proficiency enter by an index, as all others do
-- that say exactly whom they look for.

CREATE INDEX users_by_routing ON users (instance_id, routing_profile_id, username);
CREATE INDEX proficiencies_by_attribute ON proficiencies (instance_id, attribute_name, attribute_value, user_id);
