-- What a security profile's permissions are about: tags, kinds of resources, a branch
-- of the hierarchy; empty where they are about everything.
ALTER TABLE security_profiles ADD COLUMN scope TEXT NOT NULL DEFAULT '{}';
